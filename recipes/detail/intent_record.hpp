// What a turn declares, as it stands in ZooKeeper: who, in which turn, and then the intent's own bytes.
//
//     turnstile 1
//     mark 5f0c2b91d3e8a764.17
//     fence 8589934611
//     operation capture
//     by pay-7.example, pid 4711, payments
//
//     capture 12.50 key 42-7
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace turnstile::inline v0::detail {

struct intent_record {
    std::string mark;  ///< unlike all others: tells ours, when the answer to its writing is lost
    std::int64_t fence = 0;
    std::string operation;
    std::string by;
    std::string intent;

    intent_record() = default;
    friend bool operator==(const intent_record&, const intent_record&) = default;
};

std::string to_text(const intent_record& r);
/// Nonsense becomes an intent of its own: whoever comes next has to see it.
intent_record parse_intent_record(std::string_view text);

}  // namespace turnstile::inline v0::detail

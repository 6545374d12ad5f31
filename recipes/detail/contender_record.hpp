// What a contender writes into its node, for people who look at the line: who it is, and what it wants.
//
//     turnstile 1
//     host pay-7.example
//     pid 4711
//     label payments
//     for capture of order 42
//     mode shared
//
// Nobody decides anything by it, but for the last line: a writer that has become a reader lets readers by. Unknown lines
// are skipped, so that later versions may add some.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace turnstile::inline v0::detail {

struct contender_record {
    std::string host;
    std::int64_t pid = 0;
    std::string label;
    std::string purpose;
    bool downgraded = false;

    contender_record() = default;
    friend bool operator==(const contender_record&, const contender_record&) = default;
};

std::string to_text(const contender_record& r);
/// Empty fields where the text is another library's, or nonsense.
contender_record parse_contender_record(std::string_view text);

/// This process: host and pid.
contender_record this_process();

}  // namespace turnstile::inline v0::detail

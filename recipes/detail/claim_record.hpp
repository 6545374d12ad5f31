// What a claim says: whose it is, how far it has come, and what came of it.
//
//     turnstile 1
//     state running
//     owner 00000100a2b3c4d5
//     mark 72057604037923840.17
//     attempt 1
//     fingerprint 5f0c2b91d3e8a764
//     by pay-7.example, pid 4711, payments
//     intent-bytes 12
//
//     charge 42-7…result
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace turnstile::inline v0::detail {

struct claim_record {
    enum class status : unsigned char {
        running,  ///< by its owner, while that is alive
        suspect,  ///< given up after an effect had been declared
        open,     ///< given up before: anybody may go on
        done,
        failed,
    };

    status state = status::running;
    std::string owner;  ///< a member; of those that run
    std::string mark;   ///< of the attempt, unlike all others
    std::uint32_t attempt = 1;
    std::string fingerprint;
    std::string by;
    std::string intent;
    std::string result;

    claim_record() = default;
    friend bool operator==(const claim_record&, const claim_record&) = default;
};

std::string to_text(const claim_record& r);
/// Nonsense is a suspect without a fingerprint: nothing is admitted on it, and somebody has to look.
claim_record parse_claim_record(std::string_view text);

}  // namespace turnstile::inline v0::detail

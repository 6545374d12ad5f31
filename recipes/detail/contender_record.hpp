// What a contender writes into its node, for people who look at the line: who it is, and what it wants.
//
//     turnstile 1
//     host pay-7.example
//     pid 4711
//     label payments
//     for capture of order 42
//     owner 5f0c2b91d3e8a764.4711.17
//     holds /locks/users/7/xAEAARzZOQAA.k-lock-0000000003
//     mode shared
//     asked-by ops-1.example, pid 99, console
//     asked-for maintenance of the price list
//
// Nobody's turn depends on it, but for the mode: a writer that has become a reader lets readers by. An owner that has a name
// says what else it held when it came, so that circles of waiting owners can be found. The last lines are somebody's request
// to give the place up. Unknown lines are skipped, so that later versions may add some.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace turnstile::inline v0::detail {

/// A znode has to bear them.
inline constexpr std::size_t holds_max = 8;

struct contender_record {
    std::string host;
    std::int64_t pid = 0;
    std::string label;
    std::string purpose;
    std::string owner;
    std::vector<std::string> holds;  ///< nodes, as whole paths: so many at most as `holds_max`
    bool downgraded = false;
    std::string asked_by;
    std::string asked_for;

    contender_record() = default;
    friend bool operator==(const contender_record&, const contender_record&) = default;
};

std::string to_text(const contender_record& r);
/// Empty fields where the text is another library's, or nonsense.
contender_record parse_contender_record(std::string_view text);

/// This process: host and pid.
contender_record this_process();
/// Who that is, in a line for people.
std::string in_words(const contender_record& r);

}  // namespace turnstile::inline v0::detail

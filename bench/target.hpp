// What a measure of Turnstile's has to be, beside somebody else's or by itself.
#pragma once

#include <string>
#include <utility>

namespace bench {

struct target {
    bool is_ceiling;       ///< at most; else at least
    double bar;            ///< by itself, or times one of these:
    std::string peer;      ///< what this side of the same workload shows
    std::string workload;  ///< what Turnstile shows in that workload
};

inline target at_most(double bar) { return {true, bar, {}, {}}; }
inline target at_most_times_peer(std::string peer, double bar) { return {true, bar, std::move(peer), {}}; }
inline target at_least_times_peer(std::string peer, double bar) { return {false, bar, std::move(peer), {}}; }
inline target at_most_times_workload(std::string title, double bar) { return {true, bar, {}, std::move(title)}; }

}  // namespace bench

// How often contenders are granted what they want.
#pragma once

#include "reading.hpp"
#include "workload.hpp"

#include <chrono>
#include <thread>

namespace bench {

inline constexpr auto given_up_a_second = "given up/s";

/// Lets the contenders run in, and measures. `begin_to_count` makes a meter, `grants` says how many there were until now.
template <class Meter, class Grants>
reading rate_of(const arena& a, Meter begin_to_count, Grants grants)
{
    using clock = std::chrono::steady_clock;
    std::this_thread::sleep_for(a.duration / 5);
    const auto used = begin_to_count();
    const double before = grants();
    const auto begun = clock::now();
    std::this_thread::sleep_for(a.duration);
    const double granted = grants() - before;
    const std::chrono::duration<double> lasted = clock::now() - begun;
    reading r{{name::grants_a_second, granted / lasted.count()}};
    used.share(r, granted);
    return r;
}

}  // namespace bench

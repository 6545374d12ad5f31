// When to come again: not all at once.
#pragma once

#include <chrono>
#include <random>

namespace turnstile::inline v0::detail {

/// From three quarters of it to one and a half.
inline std::chrono::milliseconds jittered(std::chrono::milliseconds usual)
{
    thread_local std::minstd_rand dice{std::random_device{}()};
    return std::chrono::duration_cast<std::chrono::milliseconds>(usual * std::uniform_real_distribution{0.75, 1.5}(dice));
}

}  // namespace turnstile::inline v0::detail

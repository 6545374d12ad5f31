// Waits for a condition, and says whether it came: tests wait for what they expect, never for a time.
#pragma once

#include <chrono>
#include <thread>

namespace turnstile::test {

template <class Condition>
bool eventually(Condition holds, std::chrono::milliseconds patience = std::chrono::seconds{30})
{
    const auto until = std::chrono::steady_clock::now() + patience;
    while (!holds()) {
        if (std::chrono::steady_clock::now() >= until)
            return false;
        std::this_thread::sleep_for(std::chrono::milliseconds{2});
    }
    return true;
}

}  // namespace turnstile::test

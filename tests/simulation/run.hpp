// One simulated run: a world made of one seed, from the first connection to the last good-bye.
#pragma once

#include "census.hpp"

#include <cstdint>
#include <deque>
#include <string>

namespace turnstile::simulation {

struct verdict {
    std::string violation;  ///< empty: all as promised
    census counts;
    std::deque<std::string> trace;  ///< when asked for
    std::uint64_t steps = 0;

    verdict() = default;
};

verdict run_seed(std::uint64_t seed, bool trace);

}  // namespace turnstile::simulation

// When all faults are over: everybody goes on for a while, goes home, and what they left is counted.
#pragma once

#include "stage.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace turnstile::chaos {

struct aftermath {
    std::vector<std::string> stuck;  ///< clients that did not end when they were told to
};

/// Heals everything, and writes `quiet`, probes and a census into the history.
aftermath see_it_out(stage& where);

}  // namespace turnstile::chaos

// A long run as a row of phases, each a whole run with a verdict of its own. Broken off and begun again it goes on.
#pragma once

#include "run.hpp"

#include <chrono>
#include <filesystem>
#include <functional>

namespace turnstile::chaos {

struct soak_options {
    run_options phase;  ///< what is required of it follows from its length
    std::chrono::minutes length{60};
};

/// Appends a line per phase to soak.jsonl in the phase's directory. Returns whether all phases in that file were good.
bool soak(soak_options how, const std::function<bool()>& interrupted);

}  // namespace turnstile::chaos

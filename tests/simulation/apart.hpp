// A run in a process of its own: what one run leaves behind cannot touch the next, each begins as if it were the only one
// (so its seed alone repeats it), and a crash is a verdict like any other.
#pragma once

#include "run.hpp"

#include <cstdint>

namespace turnstile::simulation {

verdict run_apart(std::uint64_t seed, bool trace);

}  // namespace turnstile::simulation

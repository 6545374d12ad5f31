// Times in which somebody waited in a line, nobody held, and nothing excused it.
#pragma once

#include "history_index.hpp"

#include <vector>

namespace turnstile::inline v0::testing {

struct standstill {
    const attempt* waiting = nullptr;  ///< who came first of those that waited at its end
    const attempt* before = nullptr;   ///< who held last; null: nobody had
    nanoseconds from{0};               ///< monotonic
    nanoseconds to{0};
    nanoseconds length{0};  ///< of it, servers and network were well
};

/// Of one key. A fault of servers or network stops the clock, one of a client in this line starts it again.
std::vector<standstill> standstills_of(const key_history& k, const history_index& h);

}  // namespace turnstile::inline v0::testing

// Threads for what blocks: opening a client (it resolves names) and closing one (it joins threads, and may take seconds).
// One short-lived thread a task, so that a slow one delays no other.
#pragma once

#include "unique_function.hpp"

namespace turnstile::inline v0::detail {

class reaper {
public:
    static void run(unique_function<void()> task);
};

}  // namespace turnstile::inline v0::detail

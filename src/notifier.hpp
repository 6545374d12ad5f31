// Where user callbacks run that have no executor of their own (stop callbacks of leases). A thread apart: they may block,
// and then only other such callbacks wait.
#pragma once

#include "unique_function.hpp"

namespace turnstile::inline v0::detail {

void post_to_notifier(unique_function<void()> f);

}  // namespace turnstile::inline v0::detail

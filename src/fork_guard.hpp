// After fork() the child has the parent's memory and none of its threads: what a session accepts there would never complete.
#pragma once

#include <cstdint>

namespace turnstile::inline v0::detail {

/// Grows in the child of each fork. Cheap: one relaxed load.
std::uint32_t fork_generation() noexcept;

}  // namespace turnstile::inline v0::detail

// Who asks for a lock, so that asking twice can be told from waiting.
//
// A lease has no thread affinity, so the SDK cannot guess who its owner is: a lease may be released by another thread or
// coroutine than the one that waits next. The blocking `lockable`, where threads own as they own a std::mutex, names the
// thread by itself; coroutines name an owner where they want the check.
#pragma once

#include <turnstile/recipes/export.hpp>

#include <cstdint>

namespace turnstile::inline v0 {

class TURNSTILE_RECIPES_EXPORT owner_id {
public:
    /// Nobody in particular: never refused.
    constexpr owner_id() noexcept = default;

    /// The calling thread.
    static owner_id this_thread() noexcept;
    /// A new one, different from all others of this process: for a request, a job, a coroutine.
    static owner_id unique() noexcept;

    constexpr bool is_anybody() const noexcept { return value_ == 0; }
    constexpr std::uint64_t value() const noexcept { return value_; }
    friend constexpr bool operator==(owner_id, owner_id) noexcept = default;

private:
    explicit constexpr owner_id(std::uint64_t value) noexcept : value_{value} {}
    std::uint64_t value_ = 0;
};

}  // namespace turnstile::inline v0

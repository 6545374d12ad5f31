// Owners who wait for each other in a circle, across services: found, and named.
//
//     acquire_options how{30s};
//     how.owner = owner_id::unique();               // of this request: all that it holds and asks for bears this name
//     lease a = co_await order.acquire(how);
//     lease b = co_await user.acquire(how);         // throws `deadlock` when the holder of `user` waits for `order`
//
// Who waits while it holds something else looks once in a quarter of the session timeout whether the owners that wait for
// *it* hold what it waits for, over any number of others between. If so, the one of the circle who came last is told. It
// keeps what it holds; the others go on when it gives that up.
//
// Seen are owners with a name (acquire_options::owner; blocking::lockable names the thread), of mutexes, readers and
// writers, and multi_locks, by whatever session and process with the same root. Not seen: semaphores, the queue inside a
// cohort, a multi_lock's places while it waits for the others of its own, other libraries; and holdings beyond the first
// eight of an owner.
//
// No circle at all can arise where an owner asks for all its locks at once: see multi_lock.hpp.
#pragma once

#include <turnstile/error.hpp>
#include <turnstile/recipes/export.hpp>
#include <turnstile/recipes/line.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace turnstile::inline v0 {

/// One of a circle: waits in `line`, where the next of the circle holds.
struct deadlock_wait {
    std::string line;
    contender who;

    deadlock_wait() = default;
    deadlock_wait(std::string line_, contender who_) : line{std::move(line_)}, who{std::move(who_)} {}
};

/// errc::would_deadlock, with the circle: whoever is told comes first, and the last one waits for what that one holds.
class TURNSTILE_RECIPES_EXPORT deadlock : public error {
public:
    deadlock(std::string_view verb, std::string_view path, std::vector<deadlock_wait> cycle);

    const std::vector<deadlock_wait>& cycle() const noexcept { return cycle_; }

private:
    std::vector<deadlock_wait> cycle_;
};

}  // namespace turnstile::inline v0

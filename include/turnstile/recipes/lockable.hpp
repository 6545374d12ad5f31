// A recipe as the standard library's TimedLockable, for std::unique_lock and std::scoped_lock.
//
//     blocking::lockable guarded{mutex{session, "/locks/orders/42"}};
//     std::unique_lock turn{guarded, 500ms};
//     if (turn.owns_lock()) { guarded.held().check(); … }
//
// As with std::mutex the *thread* is the owner: locking twice from one thread throws errc::would_deadlock, unlock() is for
// the thread that locked. Unlike std::mutex a distributed lock can be lost while it is held: ask held().check() before each
// outside effect, and hand held().token() to the resource.
//
// Thread safety: any number of threads share one lockable; each stands in line for itself.
#pragma once

#include <turnstile/blocking.hpp>
#include <turnstile/recipes/owner.hpp>

#include <cassert>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <unordered_map>
#include <utility>

namespace turnstile::inline v0::blocking {

template <class Recipe>
class lockable {
public:
    explicit lockable(Recipe recipe) : recipe_{std::move(recipe)} {}

    /// Errors: as Recipe::acquire; errc::would_deadlock when this thread holds it already.
    void lock() { keep(wait(recipe_.acquire(asked_by_this_thread({})))); }

    bool try_lock() { return try_lock_until(deadline{std::chrono::seconds{0}}); }

    template <class Rep, class Period>
    bool try_lock_for(std::chrono::duration<Rep, Period> patience)
    {
        return try_lock_until(deadline{patience});
    }

    template <class Duration>
    bool try_lock_until(std::chrono::time_point<std::chrono::steady_clock, Duration> when)
    {
        return try_lock_until(deadline{std::chrono::time_point_cast<std::chrono::steady_clock::duration>(when)});
    }

    bool try_lock_until(deadline until)
    {
        auto granted = wait(recipe_.try_acquire_until(asked_by_this_thread(until)));
        if (granted)
            keep(std::move(*granted));
        return granted.has_value();
    }

    /// Sends the release and goes on; it is certain to happen. Throws nothing, also when the lock had been lost.
    void unlock()
    {
        lease ended = take();
        ended.release_in_background();
    }

    /// The calling thread's holding; throws errc::not_held when it has none.
    lease& held()
    {
        const std::lock_guard one_at_a_time{guard_};
        const auto mine = held_.find(owner_id::this_thread().value());
        if (mine == held_.end())
            throw error{errc::not_held, "lockable::held", recipe_.path()};
        return mine->second;
    }

    Recipe& recipe() noexcept { return recipe_; }

protected:
    template <class Options = typename Recipe::options>
    static Options asked_by_this_thread(deadline until)
    {
        Options how{until};
        how.owner = owner_id::this_thread();
        return how;
    }

    void keep(lease granted)
    {
        const std::lock_guard one_at_a_time{guard_};
        held_.insert_or_assign(owner_id::this_thread().value(), std::move(granted));
    }

    lease take()
    {
        const std::lock_guard one_at_a_time{guard_};
        const auto mine = held_.extract(owner_id::this_thread().value());
        assert(mine && "unlock() by a thread that has not locked");
        return mine ? std::move(mine.mapped()) : lease{};
    }

private:
    Recipe recipe_;
    std::mutex guard_;
    // Guarded by guard_. By thread, because a holding that was lost is still there when another thread gets the lock.
    // References to elements stay valid.
    std::unordered_map<std::uint64_t, lease> held_;
};

}  // namespace turnstile::inline v0::blocking

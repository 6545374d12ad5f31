// A recipe as the standard library's TimedLockable, for std::unique_lock and std::scoped_lock.
//
//     blocking::lockable guarded{mutex{session, "/locks/orders/42"}};
//     std::unique_lock turn{guarded, 500ms};
//     if (turn.owns_lock()) { guarded.held().check(); … }
//
// As with std::mutex the *thread* is the owner: locking twice from one thread throws errc::would_deadlock, unlock() is for the
// thread that locked. Unlike std::mutex a distributed lock can be lost while it is held: ask held().check() before each
// outside effect, and hand held().token() to the resource.
//
// Thread safety: any number of threads share one lockable; each stands in line for itself.
#pragma once

#include <turnstile/blocking.hpp>
#include <turnstile/recipes/owner.hpp>

#include <cassert>
#include <chrono>
#include <mutex>
#include <optional>
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
        lease ended;
        {
            const std::lock_guard one_at_a_time{guard_};
            ended = std::exchange(held_, {});
        }
        ended.release_in_background();
    }

    /// The holding, for the thread that holds it.
    lease& held() noexcept { return held_; }

    Recipe& recipe() noexcept { return recipe_; }

private:
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
        held_ = std::move(granted);
    }

    Recipe recipe_;
    std::mutex guard_;
    lease held_;  // guarded by guard_; only the thread that holds the lock looks at it
};

}  // namespace turnstile::inline v0::blocking

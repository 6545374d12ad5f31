// A read/write recipe as the standard library's SharedTimedLockable, so that std::shared_lock works with it as well.
//
//     blocking::shared_lockable prices{shared_mutex{session, "/locks/price-list"}};
//     {
//         std::shared_lock reading{prices};
//         prices.held().check(); …
//     }
//     std::unique_lock writing{prices, 500ms};
//
// As lockable: the thread is the owner. A thread that reads and wants to write (or read again, behind a writer that waits)
// would wait for itself: errc::would_deadlock, at once.
//
// Thread safety: any number of threads share one object; each stands in line for itself.
#pragma once

#include <turnstile/recipes/lockable.hpp>

namespace turnstile::inline v0::blocking {

template <class Recipe>
class shared_lockable : public lockable<Recipe> {
public:
    using lockable<Recipe>::lockable;

    /// Errors: as Recipe::acquire_shared; errc::would_deadlock when this thread reads or writes already.
    void lock_shared() { this->keep(wait(this->recipe().acquire_shared(this->asked_by_this_thread({})))); }

    bool try_lock_shared() { return try_lock_shared_until(deadline{std::chrono::seconds{0}}); }

    template <class Rep, class Period>
    bool try_lock_shared_for(std::chrono::duration<Rep, Period> patience)
    {
        return try_lock_shared_until(deadline{patience});
    }

    template <class Duration>
    bool try_lock_shared_until(std::chrono::time_point<std::chrono::steady_clock, Duration> when)
    {
        return try_lock_shared_until(deadline{std::chrono::time_point_cast<std::chrono::steady_clock::duration>(when)});
    }

    bool try_lock_shared_until(deadline until)
    {
        auto granted = wait(this->recipe().try_acquire_shared_until(this->asked_by_this_thread(until)));
        if (granted)
            this->keep(std::move(*granted));
        return granted.has_value();
    }

    /// As unlock().
    void unlock_shared() { this->unlock(); }

    /// The thread that writes goes on as a reader: give it back with unlock_shared() (or unlock(), it is the same).
    void downgrade() { wait(Recipe::downgrade(this->held())); }
};

template <class Recipe>
shared_lockable(Recipe) -> shared_lockable<Recipe>;

}  // namespace turnstile::inline v0::blocking

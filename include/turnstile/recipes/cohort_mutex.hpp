// One place in the line for all callers of a process, for keys that many coroutines or threads of one process want at once.
//
//     cohort tills{session, cohort_options{.hand_overs = 16, .keep = 100}};    // one per process
//     cohort_mutex order{tills, "/locks/orders/42"};
//     lease held = co_await order.acquire(5s);
//
// Callers of one cohort queue in memory, first come, first served, and one contender stands in ZooKeeper's line for all of
// them. When it is served the lock goes from caller to caller inside the process, without a round trip, `hand_overs` times;
// then the place is given up, and the next caller's contender stands behind whoever came meanwhile. So a process may be
// served several times in a row: that is what is traded for speed, and its measure. A plain `mutex` on the same path keeps
// the strict order of the whole cluster, and both may be used side by side.
//
// `keep`: a lock that nobody of the process wants any more, and nobody else stands in line for, stays with the process, so
// that its next use costs no round trip at all. It is given up as soon as somebody else comes. So many locks are kept at
// most; the one that has been idle for longest goes first.
//
// A turn of the process has one fencing token, and its callers share it: a resource must accept a token that it has seen
// (refuse smaller ones, not equal ones). Inside the process it is the cohort that keeps callers apart.
//
// Source: Dice, Marathe, Shavit, "Lock Cohorting" (PPoPP 2012), and biased locks. Departure: a holder may be lost, and then
// the callers that wait stand in line anew.
//
// Thread safety: all members from any thread.
#pragma once

#include <turnstile/deadline.hpp>
#include <turnstile/lease.hpp>
#include <turnstile/recipes/export.hpp>
#include <turnstile/recipes/line.hpp>
#include <turnstile/session.hpp>

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

namespace turnstile::inline v0 {

namespace detail {
class local_lines;
}

struct cohort_options {
    /// How often in a row a lock goes from one caller of the process to the next. 0: each stands in line again.
    std::size_t hand_overs = 16;
    /// How many locks stay with the process while nobody uses them. 0: none.
    std::size_t keep = 0;
};

/// Those who share. A value: copies are the same cohort. When the last one goes, and the last lock is released, all that was
/// kept is given up.
class TURNSTILE_RECIPES_EXPORT cohort {
public:
    explicit cohort(session s, cohort_options how = {});

    const session& get_session() const noexcept;

    /// How many locks are kept unused at this moment.
    std::size_t kept() const;
    /// Gives them up, in the background. Cost: one operation each.
    void give_up_kept() noexcept;

private:
    friend class cohort_mutex;
    std::shared_ptr<detail::local_lines> lines_;
};

class TURNSTILE_RECIPES_EXPORT cohort_mutex {
public:
    using options = acquire_options;

    /// `path`: as of a mutex, which it is for everybody else. Throws errc::bad_path. Costs nothing.
    cohort_mutex(cohort c, std::string path);

    /// Waits for its turn in the process, and with it for the process's turn.
    ///
    /// Cost: none when the lock is kept, or handed over by another caller; otherwise as mutex::acquire, once for all who
    /// wait. With cohort_options::keep, one watched list more for a turn of the process, in the background.
    /// Cancellation, deadline: the caller leaves the queue; the process's place is given up when nobody is left in it.
    /// Errors: as mutex::acquire. Those of the process's place reach every caller who waits.
    ///
    /// The lease is an ordinary one. Its release costs nothing when the lock stays in the process.
    boost::asio::awaitable<lease> acquire(acquire_options how);
    boost::asio::awaitable<lease> acquire();

    /// Refused (nullopt) when a caller of the process has the lock or waits for it, or somebody else does.
    /// Cost: none when it is kept; otherwise as mutex::try_acquire.
    boost::asio::awaitable<std::optional<lease>> try_acquire();
    boost::asio::awaitable<std::optional<lease>> try_acquire(acquire_options how);

    /// As acquire, but a deadline that passes while we wait is an answer (nullopt). Zero or less: try_acquire.
    template <class Rep, class Period>
    boost::asio::awaitable<std::optional<lease>> try_acquire_for(std::chrono::duration<Rep, Period> patience)
    {
        return try_acquire_until(deadline{patience});
    }
    boost::asio::awaitable<std::optional<lease>> try_acquire_until(deadline until);
    boost::asio::awaitable<std::optional<lease>> try_acquire_until(acquire_options how);

    /// ZooKeeper's line: one contender for each cohort. As mutex::line.
    boost::asio::awaitable<line_view> line(deadline until = {});

    /// How many callers of the cohort wait at this moment.
    std::size_t queued() const;

    const std::string& path() const noexcept { return path_; }
    const session& get_session() const noexcept { return cohort_.get_session(); }

private:
    cohort cohort_;
    std::string path_;
};

}  // namespace turnstile::inline v0

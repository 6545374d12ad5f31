// A fair, queued, fenced lock on one resource, across services.
//
//     mutex order{session, "/locks/orders/42"};
//     lease held = co_await order.acquire(5s);            // waits its turn
//     db.execute(update, held.token());                   // the resource refuses older tokens
//
// Contenders stand in line by the order in which ZooKeeper committed their znodes: first come, first served, across
// processes and languages. A contender that dies or gives up leaves the line; the others keep their places.
//
// Source: ZooKeeper's "Locks" recipe (create EPHEMERAL|SEQUENTIAL, watch the node just ahead). Departures: create and list
// travel together; no second list when the node that went was known to be the head; a create whose reply was lost is looked
// for behind a sync; the holding is a lease with a deadline and a fencing token. Curator's InterProcessMutex stands in the
// same line, and so does kazoo's Lock with extra_lock_patterns=["-lock-"]; all three at once need more:
// docs/recipes/mutex.md.
//
// Thread safety: all members from any thread; many callers may share one object, each gets a place of its own.
#pragma once

#include <turnstile/deadline.hpp>
#include <turnstile/lease.hpp>
#include <turnstile/recipes/export.hpp>
#include <turnstile/recipes/line.hpp>
#include <turnstile/session.hpp>

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <optional>
#include <string>

namespace turnstile::inline v0 {

class TURNSTILE_RECIPES_EXPORT mutex {
public:
    using options = acquire_options;

    /// `path` is the lock's directory; it is made when needed, and removed by the servers when unused.
    /// Throws errc::bad_path. Costs nothing.
    mutex(session s, std::string path);

    /// Waits for its turn.
    ///
    /// Cost: 1 round trip (create and list, pipelined) when free; 2 when the directory is missing. In a line that nobody
    /// leaves before its turn: at most two lists and two watched reads, none of them between the release of the holder and
    /// the grant. Cancellation, deadline: the place is given up and its node swept; nothing is left behind. Errors:
    /// errc::timed_out; errc::not_connected when there was no connection until the deadline; session_over(ec) when the
    /// ZooKeeper session that stood in line ended; errc::lost when somebody removed our place (within the first quarter of
    /// the session timeout this may go unnoticed, and the lease is then lost at its next heartbeat); errc::would_deadlock
    /// and errc::bad_argument, at once; `deadlock` (deadlock.hpp) when its owner holds something else and waits in a circle;
    /// errc::sequence_exhausted, errc::no_auth. Never in_doubt(ec): doubts are resolved, or swept.
    boost::asio::awaitable<lease> acquire(acquire_options how);
    boost::asio::awaitable<lease> acquire();

    /// Refused (nullopt) when somebody holds the lock or waits for it; never waits for a turn. (For a connection it waits as
    /// long as its deadline allows.) Cost: 1 read when busy, and no write. Free: 1 read and 1 round trip more.
    boost::asio::awaitable<std::optional<lease>> try_acquire();
    boost::asio::awaitable<std::optional<lease>> try_acquire(acquire_options how);

    /// As acquire, but a deadline that passes while we wait is an answer (nullopt), not an error. (Without any connection
    /// until then, it is one: errc::not_connected.) Zero or less: try_acquire.
    template <class Rep, class Period>
    boost::asio::awaitable<std::optional<lease>> try_acquire_for(std::chrono::duration<Rep, Period> patience)
    {
        return try_acquire_until(deadline{patience});
    }
    boost::asio::awaitable<std::optional<lease>> try_acquire_until(deadline until);
    boost::asio::awaitable<std::optional<lease>> try_acquire_until(acquire_options how);

    /// Who holds, who waits, since when. A snapshot for people and dashboards, not for decisions.
    /// Cost: 2 round trips (one list, the nodes' records pipelined).
    boost::asio::awaitable<line_view> line(deadline until = {});

    const std::string& path() const noexcept { return path_; }
    const session& get_session() const noexcept { return session_; }

private:
    session session_;
    std::string path_;
};

}  // namespace turnstile::inline v0

// A fair, queued, fenced read/write lock on one resource, across services.
//
//     shared_mutex prices{session, "/locks/price-list"};
//     lease reading = co_await prices.acquire_shared(5s);      // beside other readers
//     lease writing = co_await prices.acquire(5s);             // alone
//
// One line for readers and writers, served by the order in which ZooKeeper committed their znodes. A reader waits for the
// writers ahead of it and for nobody else, so readers that stand behind one writer come in together; a writer waits for
// everybody ahead. Nobody overtakes: a stream of readers does not starve a writer.
//
// Tokens: every writer's is greater than those of all readers and writers before it, and smaller than those of all after it.
// Readers that hold together have different ones; a resource that is only read need not look at them.
//
// Source: ZooKeeper's "Shared Locks" recipe. Departures: as mutex; a reader watches the writers nearest ahead, and none
// behind; downgrading marks the writer's own node and puts no node in front of anybody. Curator's InterProcessReadWriteLock
// and kazoo's ReadLock and WriteLock stand in the same line: docs/interop.md says with which settings.
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

class TURNSTILE_RECIPES_EXPORT shared_mutex {
public:
    using options = acquire_options;

    /// `path` is the line's directory, as a mutex's. Throws errc::bad_path. Costs nothing.
    shared_mutex(session s, std::string path);

    // ---- Writers. Promise, cost, cancellation and errors are those of mutex's verbs. ----------------------------------
    // An owner that reads and asks to write would wait for itself: errc::would_deadlock at once. There is no upgrade; who
    // may have to write asks to write.

    boost::asio::awaitable<lease> acquire(acquire_options how);
    boost::asio::awaitable<lease> acquire();
    boost::asio::awaitable<std::optional<lease>> try_acquire(acquire_options how);
    boost::asio::awaitable<std::optional<lease>> try_acquire();
    template <class Rep, class Period>
    boost::asio::awaitable<std::optional<lease>> try_acquire_for(std::chrono::duration<Rep, Period> patience)
    {
        return try_acquire_until(deadline{patience});
    }
    boost::asio::awaitable<std::optional<lease>> try_acquire_until(acquire_options how);

    /// The writer goes on as a reader, with the same lease and token; readers that stand right behind come in, and no writer
    /// can come between. Cost: 2 round trips. Again: no effect. Errors: errc::lost, errc::not_held, errc::timed_out (it may
    /// be a writer still, or a reader; asking again is safe).
    static boost::asio::awaitable<void> downgrade(const lease& writing, deadline until = {});

    // ---- Readers ------------------------------------------------------------------------------------------------------

    /// Waits until no writer is ahead. Cost: 1 round trip when there is none, however many readers there are.
    boost::asio::awaitable<lease> acquire_shared(acquire_options how);
    boost::asio::awaitable<lease> acquire_shared();
    /// Refused when a writer holds or waits: who comes now would stand behind it. Cost when refused: 1 read (2 when there
    /// is one writer only, which may have become a reader), and no write.
    boost::asio::awaitable<std::optional<lease>> try_acquire_shared(acquire_options how);
    boost::asio::awaitable<std::optional<lease>> try_acquire_shared();
    template <class Rep, class Period>
    boost::asio::awaitable<std::optional<lease>> try_acquire_shared_for(std::chrono::duration<Rep, Period> patience)
    {
        return try_acquire_shared_until(deadline{patience});
    }
    boost::asio::awaitable<std::optional<lease>> try_acquire_shared_until(acquire_options how);

    /// Who reads, who writes, who waits, since when. Cost: 2 round trips.
    boost::asio::awaitable<line_view> line(deadline until = {});

    const std::string& path() const noexcept { return path_; }
    const session& get_session() const noexcept { return session_; }

private:
    session session_;
    std::string path_;
};

}  // namespace turnstile::inline v0

// Several locks at once, all or nothing, and never a deadlock.
//
//     multi_lock both{session, {"/locks/account/7", "/locks/account/9"}};
//     lease held = co_await both.acquire(5s);          // or acquire_all({from, to}, 5s), of mutexes
//
// The places in all lines are taken by ONE transaction of the ensemble. So whoever stands ahead of us anywhere came before
// us everywhere, and waits of contenders who name their locks in different orders never form a circle; no order of locking
// has to be agreed on. One lease holds them all: it is lost as a whole, with the first of its znodes, and released as a
// whole. It has one token, which is greater than those of all earlier holders of each of the lines.
//
// The lines are those of `mutex`: who wants one of them alone stands in the same line.
//
// Source: none published; Curator's InterProcessMultiLock takes one lock after the other, which deadlocks unless all agree
// on an order, and costs two round trips a lock.
//
// Thread safety: all members from any thread; many callers may share one object, each gets places of its own.
#pragma once

#include <turnstile/deadline.hpp>
#include <turnstile/lease.hpp>
#include <turnstile/recipes/export.hpp>
#include <turnstile/recipes/line.hpp>
#include <turnstile/recipes/mutex.hpp>
#include <turnstile/session.hpp>

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace turnstile::inline v0 {

class TURNSTILE_RECIPES_EXPORT multi_lock {
public:
    using options = acquire_options;

    static constexpr std::size_t locks_max = 64;

    /// `paths`: directories as of mutexes, in any order, from 1 to locks_max. Throws errc::bad_path; errc::bad_argument for
    /// too many, none, or the same twice. Costs nothing.
    multi_lock(session s, std::vector<std::string> paths);

    /// Waits until it is our turn in all lines. Cost: 1 round trip when all are free (one transaction and the lists,
    /// pipelined); 2 when directories are missing. In lines: as mutex::acquire in each, questions to all of them sent
    /// together. Cancellation, one deadline over all, errors: as mutex::acquire; however it ends, no node is left but the
    /// lease's.
    boost::asio::awaitable<lease> acquire(acquire_options how);
    boost::asio::awaitable<lease> acquire();

    /// Refused when anybody stands in any of the lines. Cost when refused: 1 round trip of reads, and no write.
    boost::asio::awaitable<std::optional<lease>> try_acquire(acquire_options how);
    boost::asio::awaitable<std::optional<lease>> try_acquire();

    template <class Rep, class Period>
    boost::asio::awaitable<std::optional<lease>> try_acquire_for(std::chrono::duration<Rep, Period> patience)
    {
        return try_acquire_until(deadline{patience});
    }
    boost::asio::awaitable<std::optional<lease>> try_acquire_until(acquire_options how);

    /// The first of paths().
    const std::string& path() const noexcept { return paths_.front(); }
    /// As they were given.
    const std::vector<std::string>& paths() const noexcept { return paths_; }
    const session& get_session() const noexcept { return session_; }

private:
    session session_;
    std::vector<std::string> paths_;
};

/// multi_lock::acquire of these mutexes. Throws errc::bad_argument when they are not all of one session.
TURNSTILE_RECIPES_EXPORT boost::asio::awaitable<lease> acquire_all(const std::vector<mutex>& locks,
                                                                   acquire_options how = {});

}  // namespace turnstile::inline v0

// So many at a time, across services: permits, handed out by a fair queue.
//
//     semaphore gateway{session, "/limits/psp", 20};           // twenty calls at once, all services together
//     lease one = co_await gateway.acquire(5s);
//     lease five = co_await gateway.acquire(permits{5}, 5s);   // a batch counts five
//
// One line, one znode a request, whatever it weighs. A request is granted when all that are ahead of it and itself fit into
// the maximum: first come, first served, so a heavy request is not starved by light ones behind it. Dying, giving up and
// releasing are all the same: the znode goes, and whoever fits next comes in.
//
// The maximum is a property of the path, kept in the line's directory (which is persistent, so that it outlives its use).
// All who name one must name the same: another is errc::maximum_mismatch, and not a second limit. set_maximum changes it,
// also under waiters.
//
// A semaphore limits how many are at work. It is not mutual exclusion, and token() says nothing about who may write: tokens
// of holders at the same time differ.
//
// Source: the published recipes have a semaphore under a lock, taken permit by permit (Curator's InterProcessSemaphoreV2).
// Departures: no lock and no node per permit; weights stand in the names, so one list tells all; a waiter watches as many of
// the nearest as fill the line, because one of those has to go before its turn can come.
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
#include <cstdint>
#include <optional>
#include <string>

namespace turnstile::inline v0 {

/// How many permits one request takes.
struct permits {
    std::uint32_t count = 1;

    explicit constexpr permits(std::uint32_t n) noexcept : count{n} {}
};

class TURNSTILE_RECIPES_EXPORT semaphore {
public:
    using options = acquire_options;

    /// The largest maximum. A waiter watches up to as many znodes as there are permits, and one: thousands are possible,
    /// but a limit in units of ten or a hundred serves as well.
    static constexpr std::uint32_t maximum_max = 1'000'000;

    /// A semaphore of this maximum. The first to ask sets it; where there is another, the verbs throw
    /// errc::maximum_mismatch. Throws errc::bad_path, errc::bad_argument (0, or more than maximum_max). Costs nothing.
    semaphore(session s, std::string path, std::uint32_t maximum);
    /// Of whatever maximum has been set for the path. Where none has, the verbs throw errc::maximum_mismatch.
    semaphore(session s, std::string path);

    /// Waits for its turn. Cost: 1 round trip when there is room (create, list, maximum, pipelined), whatever the weight; 2
    /// when the directory is missing. In a line: up to as many watched reads as there are permits, and two (one more place,
    /// and the maximum), in one flight, and a list now and then. None of them lies between the last release and the grant
    /// while all requests weigh the same; with different weights a list may. A release wakes no more waiters than there are
    /// permits, and one, however long the line is. Cancellation, deadline, errors: as mutex::acquire; errc::maximum_mismatch
    /// also when set_maximum made it less than what is asked for; errc::bad_argument, at once, for no permits or more than
    /// the maximum.
    boost::asio::awaitable<lease> acquire(permits n, acquire_options how);
    boost::asio::awaitable<lease> acquire(acquire_options how);
    boost::asio::awaitable<lease> acquire();

    /// Refused when there is no room or others wait; never waits for a turn. Cost: 2 pipelined reads when refused, and no
    /// write. Otherwise one round trip more (two, when the directory is missing).
    boost::asio::awaitable<std::optional<lease>> try_acquire(permits n, acquire_options how);
    boost::asio::awaitable<std::optional<lease>> try_acquire(acquire_options how);
    boost::asio::awaitable<std::optional<lease>> try_acquire();

    template <class Rep, class Period>
    boost::asio::awaitable<std::optional<lease>> try_acquire_for(std::chrono::duration<Rep, Period> patience)
    {
        return try_acquire_until(deadline{patience});
    }
    boost::asio::awaitable<std::optional<lease>> try_acquire_until(permits n, acquire_options how);
    boost::asio::awaitable<std::optional<lease>> try_acquire_until(acquire_options how);

    /// Of the path. Cost: 1 read. Throws errc::maximum_mismatch when none has been set.
    boost::asio::awaitable<std::uint32_t> maximum(deadline until = {});
    /// Changes the path's maximum, or sets the first. A larger one lets waiters in at once; a smaller one takes nothing away
    /// from those who hold, and lets nobody in until they fit. This object, and others made with the old maximum, are
    /// refused from then on: make them anew. Cost: 1 round trip. A lost answer is in_doubt(ec): setting it again is safe.
    boost::asio::awaitable<void> set_maximum(std::uint32_t maximum, deadline until = {});

    /// Who holds and who waits, with weights. Cost: 2 round trips.
    boost::asio::awaitable<line_view> line(deadline until = {});

    const std::string& path() const noexcept { return path_; }
    const session& get_session() const noexcept { return session_; }

private:
    session session_;
    std::string path_;
    std::uint32_t maximum_ = 0;  // 0: whatever it is
};

}  // namespace turnstile::inline v0

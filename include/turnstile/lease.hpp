// The holding of a lock, for as long as it is good.
//
// A mutex names a queue; a lease is one's turn at its head. It moves between threads and coroutines freely, and ends when it
// is released, dropped or lost, whichever comes first.
//
// No ZooKeeper lock can keep a *stopped* process from waking up late and believing that it still holds. So a lease gives two
// means, and real protection takes both:
//   - check() before each outside effect: it fails once held_until() has passed, and that is before the servers can have
//     granted the lock to anybody else, if clocks run at nearly the same rate. It needs no round trip;
//   - token(), a number that grows with every holder of the same line: a resource that remembers the highest one it has seen
//     and refuses smaller ones is safe whatever clocks and schedulers do.
#pragma once

#include <turnstile/connection_state.hpp>
#include <turnstile/deadline.hpp>
#include <turnstile/export.hpp>
#include <turnstile/transaction.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/system/error_code.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

namespace turnstile::inline v0 {

/// CLOCK_BOOTTIME: goes on while the machine sleeps, which is just when a lease runs out unnoticed.
struct boot_clock {
    using duration = std::chrono::nanoseconds;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<boot_clock>;
    static constexpr bool is_steady = true;

    TURNSTILE_EXPORT static time_point now() noexcept;
};

/// Grows strictly over the successive holders of one line. 64-bit, never 0; fits a BIGINT column.
using fencing_token = std::int64_t;

enum class lease_state {
    held,
    suspect,  ///< disconnected, and the deadline not yet passed: still ours, as far as anybody can know
    lost,     ///< for good; it never becomes held again
    released,
};

namespace detail {
class holding;
}

class lender;
class session;

class TURNSTILE_EXPORT lease {
public:
    /// Holds nothing.
    lease() = default;
    lease(lease&&) noexcept;
    lease& operator=(lease&&) noexcept;
    /// Releases in the background.
    ~lease();

    /// Held or suspect: not known to be lost, and within the deadline. No I/O.
    bool held() const noexcept;
    explicit operator bool() const noexcept { return held(); }
    lease_state state() const noexcept;

    /// Throws errc::lost when somebody else may hold the lock by now. Call it before each outside effect. No I/O.
    void check() const;

    fencing_token token() const noexcept;

    /// Until when nobody else can have been granted the lock: the send time of the newest write that the servers have
    /// acknowledged, plus two thirds of the session timeout. It moves forward while the connection is well (one small write
    /// per session and quarter of the timeout, however many leases there are).
    boot_clock::time_point held_until() const noexcept;

    /// The lock's znode, under the session's root. The first, of a multi_lock's.
    const std::string& path() const noexcept;
    /// All of them.
    std::vector<std::string> paths() const;
    turnstile::epoch epoch() const noexcept;
    /// Whose it is. Throws errc::not_held when the lease holds nothing (any more).
    const session& get_session() const;

    /// Completes when the lease is lost; throws operation_aborted when it is released or dropped first.
    boost::asio::awaitable<void> lost();
    /// Completes when somebody has written the lease's znode since the grant, with what it bears now: recipes leave messages
    /// for a holder there. Each writing is told once, to all who wait; one that nobody waited for, to the next who does.
    /// Throws operation_aborted when the lease is released, dropped or lost first.
    /// Cost: at most one watched read, in the background.
    boost::asio::awaitable<std::string> node_written();
    /// Stop is requested when the lease is lost. Callbacks run on a thread of the SDK's own, where nothing waits behind them
    /// but other such callbacks.
    std::stop_token stop_token() const noexcept;

    /// A transaction that happens only while this lease's znode is there: put your own steps behind it. What it does to
    /// ZooKeeper is fenced exactly, with no clock involved.
    transaction guard() const;

    /// Gives the lock up. Sends the delete at once; awaiting the answer is not needed for order or for safety.
    /// Cost: one operation a znode, sent together; the await takes their round trip. On a doubt the delete is repeated until
    /// it is certain. Errors: errc::lost when the lease had been lost before, errc::not_held when there is nothing to
    /// release, errc::timed_out when the deadline came first (the delete goes on).
    boost::asio::awaitable<void> release(deadline until = {});
    /// Commits `last_words` while the lease's znodes are there, and gives it up: sent together, in this order. The lease is
    /// given up whatever comes of the transaction, whose error is the call's. Cost: the round trip of release(), one write
    /// more. Not of a loan (errc::bad_argument).
    boost::asio::awaitable<void> release_after(transaction last_words, deadline until = {});
    /// The same without waiting, and without errors. What cannot be deleted now is swept when the connection returns.
    void release_in_background() noexcept;

private:
    friend class session;
    friend TURNSTILE_EXPORT lease lend(lease l, std::shared_ptr<lender> to);
    explicit lease(std::shared_ptr<detail::holding> h) noexcept;
    lease go_back() noexcept;
    static boost::asio::awaitable<void> return_loan(lease l, deadline until);

    std::shared_ptr<detail::holding> holding_;
    std::shared_ptr<lender> lender_;  // where it goes when its holder is done; nobody: it is given up
};

}  // namespace turnstile::inline v0

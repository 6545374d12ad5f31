// Getting a lock back from somebody who holds it: by asking, or, for an operator, by force.
//
//     for (const auto& c : co_await order.line())
//         co_await request_release(session, order.path(), c, "price list is being rebuilt");
//
//     // The holder, if it cares to listen:
//     auto asked = co_await release_requested(held);            // asked.by, asked.reason
//
// Asking is a note on the holder's znode; whether and when it gives up is the holder's decision. Forcing deletes its place,
// and leaves a record of who did it and why: the two are one transaction, so no lock is taken away unrecorded. A holder
// whose place was deleted has lost: its lease says so as soon as it hears of it (within a quarter of its session timeout),
// and what it writes later is refused where tokens are compared. Who forces has to be sure that this is enough.
//
// Both work on every line of the SDK (mutex, shared_mutex, semaphore, multi_lock, elections), on holders and on waiters.
//
// Source: Curator's Revoker asks by the node's data as well. Departures: who asks and why is told; nothing is overwritten;
// taking by force, with a record, is ours.
#pragma once

#include <turnstile/deadline.hpp>
#include <turnstile/lease.hpp>
#include <turnstile/recipes/export.hpp>
#include <turnstile/recipes/line.hpp>
#include <turnstile/session.hpp>

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace turnstile::inline v0 {

/// Somebody wants a place to be given up.
struct release_request {
    std::string by;  ///< host, pid, label
    std::string reason;

    release_request() = default;
};

/// Asks `whom`, as line() told it, to give up its place in the line `path`. False: it has gone already.
///
/// `reason`: at most 200 bytes. The last to ask is the one that is heard. Cost: 2 round trips. Errors: errc::bad_argument;
/// errc::no_auth; errc::timed_out (it may have been asked).
TURNSTILE_RECIPES_EXPORT boost::asio::awaitable<bool> request_release(session s, std::string path, contender whom,
                                                                      std::string reason, deadline until = {});

/// Completes when somebody asks for this lease, also if it was before the call. Throws operation_aborted when the lease is
/// released, dropped or lost first. The lease stays where it is until then. Cost: one watched read, in the background.
TURNSTILE_RECIPES_EXPORT boost::asio::awaitable<release_request> release_requested(lease& held);

/// What is left of a place that was taken by force.
struct forced_release {
    std::string line;
    std::string node;    ///< its place
    std::string holder;  ///< host, pid, label
    std::string by;      ///< host, pid, label
    std::string reason;
    std::chrono::system_clock::time_point at;  ///< by the leader's clock

    forced_release() = default;
};

/// Deletes the place of `whom` in the line `path`, and records it: one transaction. False: it had gone already.
///
/// `reason`: from 1 to 200 bytes. Cost: 2 round trips. Errors: errc::bad_argument; errc::no_auth; errc::timed_out (it is
/// under way, perhaps). A lost answer is looked into: what is answered is certain.
TURNSTILE_RECIPES_EXPORT boost::asio::awaitable<bool> force_release(session s, std::string path, contender whom,
                                                                    std::string reason, deadline until = {});

/// All records, the oldest first. They stay until somebody deletes them. Cost: 2 round trips.
TURNSTILE_RECIPES_EXPORT boost::asio::awaitable<std::vector<forced_release>> forced_releases(session s, deadline until = {});

/// Where the records are kept, under the session's root.
inline constexpr const char* forced_releases_path = "/turnstile/forced-releases";

}  // namespace turnstile::inline v0

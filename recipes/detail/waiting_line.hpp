// The queue in which every fair recipe stands: an ephemeral sequential znode per contender, served by number.
//
// Two steps, and who takes them owns a `ticket` from the first byte sent: whatever ends the attempt (an error, a deadline, a
// cancellation), the ticket sees to it that the node goes.
//
//     auto at = co_await stand_in(line);              // create and list: one round trip
//     co_await wait_turn(line, at);                   // until everybody ahead has gone
#pragma once

#include <turnstile/deadline.hpp>
#include <turnstile/lease.hpp>
#include <turnstile/session.hpp>

#include "place_name.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace turnstile::inline v0::detail {

/// Where to stand, and how.
struct line_request {
    turnstile::session session;
    std::string directory;
    const char* verb;  ///< for errors
    std::string data;  ///< of our node
    deadline until;
    char kind = 'x';

    line_request(turnstile::session s, std::string directory_, const char* verb_)
        : session{std::move(s)}, directory{std::move(directory_)}, verb{verb_}
    {
    }
};

/// One for all the coroutines of an attempt: ten thousand waiters have ten thousand of these frames.
using line_ptr = std::shared_ptr<const line_request>;

/// Throws what the caller of the recipe shall see.
[[noreturn]] void fail(const line_ptr& line, error_code ec);

/// A place in the line, or the attempt to get one. Dropped, it gives the place up.
class ticket {
public:
    ticket(line_ptr line, epoch in);
    ticket(ticket&& other) noexcept;
    ticket& operator=(ticket&&) = delete;
    ~ticket();

    /// The path to create; the server appends the number.
    std::string path_to_create() const { return line_->directory + "/" + marker_; }
    const std::string& marker() const noexcept { return marker_; }
    epoch in() const noexcept { return in_; }
    std::int64_t session_id() const noexcept { return session_id_; }

    /// The create has been answered: this is our node.
    void stands_as(place own, fencing_token token);
    /// The create has certainly not been executed.
    void was_never_made() noexcept { line_.reset(); }

    const place& own() const noexcept { return own_; }

    /// Hands the node over to a lease.
    lease redeem(std::shared_ptr<void> keepsake);

private:
    std::string path() const { return line_->directory + "/" + own_.name; }

    line_ptr line_;  // empty: nothing (more) to give up
    epoch in_;
    std::int64_t session_id_;
    std::string marker_;  // until our name is known, which begins with it
    place own_;
    fencing_token token_ = 0;
};

/// A place, and the line as it was when we took it.
struct stood {
    ticket place;
    std::vector<std::string> children;

    stood(ticket t, std::vector<std::string> children_) : place{std::move(t)}, children{std::move(children_)} {}
};

/// Takes a place. Doubts are resolved (sync, list, look for our marker); a ZooKeeper session that ends before the place is
/// certain is followed by another attempt in the next one.
boost::asio::awaitable<stood> stand_in(line_ptr line);

/// Returns when it is our turn. Throws when it will never be: the session is over, somebody removed our node, the deadline
/// has passed (errc::timed_out).
boost::asio::awaitable<void> wait_turn(line_ptr line, stood& at);

/// The line's directory, listed: no children when it is missing.
boost::asio::awaitable<std::vector<std::string>> list_line(line_ptr line);

}  // namespace turnstile::inline v0::detail

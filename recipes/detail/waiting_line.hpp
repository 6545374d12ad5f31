// The queue in which every fair recipe stands: an ephemeral sequential znode per contender, served by number.
#pragma once

#include <turnstile/lease.hpp>

#include "line_request.hpp"

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace turnstile::inline v0::detail {

/// Takes a place and waits for its turn; the holding is a lease that keeps `keepsake`.
///
/// Create and list: one round trip. Doubts are resolved; a ZooKeeper session that ends before the place is certain is
/// followed by another attempt in the next one. Throws when it will never be our turn: the session is over, somebody removed
/// our node, the deadline has passed (errc::timed_out). However it ends, no node is left but the lease's.
boost::asio::awaitable<lease> take_turn(line_ptr line, std::shared_ptr<void> keepsake);

/// The same for who does not wait: nothing when somebody is ahead.
boost::asio::awaitable<std::optional<lease>> take_turn_if_free(line_ptr line, std::shared_ptr<void> keepsake);

/// The same in several lines at once: all or nothing. One lease holds all the nodes.
boost::asio::awaitable<lease> take_turn(joint_ptr lines, std::shared_ptr<void> keepsake);
boost::asio::awaitable<std::optional<lease>> take_turn_if_free(joint_ptr lines, std::shared_ptr<void> keepsake);

/// Whether somebody who came now would be let in at once. One read; where a writer is alone and may have become a reader,
/// one more. An answer for those who would rather not wait, and already old.
boost::asio::awaitable<bool> has_room(line_ptr line);
boost::asio::awaitable<bool> has_room(joint_ptr lines);

/// The line's directory, listed: no children when it is missing.
boost::asio::awaitable<std::vector<std::string>> list_line(line_ptr line);

}  // namespace turnstile::inline v0::detail

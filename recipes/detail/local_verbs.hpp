// The verbs of callers who share one contender: as line_verbs, through the process's own queue.
#pragma once

#include <turnstile/recipes/line.hpp>

#include "local_line.hpp"

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <optional>

namespace turnstile::inline v0::detail {

// Free coroutines on values, as all verbs. All throw errc::would_deadlock at once when how.owner stands in the line already.

boost::asio::awaitable<lease> acquire_locally(std::shared_ptr<local_line> line, const char* verb, acquire_options how);
boost::asio::awaitable<std::optional<lease>> try_acquire_locally(std::shared_ptr<local_line> line, const char* verb,
                                                                 acquire_options how);
boost::asio::awaitable<std::optional<lease>> try_acquire_locally_until(std::shared_ptr<local_line> line, const char* verb,
                                                                       acquire_options how);

}  // namespace turnstile::inline v0::detail

// A pause of a coroutine, in simulated time.
#pragma once

#include <turnstile/deadline.hpp>

#include <boost/asio/awaitable.hpp>

#include <chrono>

namespace turnstile::simulation {

/// Throws when it is woken before, by a cancellation.
boost::asio::awaitable<void> sleep_for(std::chrono::nanoseconds d);

}  // namespace turnstile::simulation

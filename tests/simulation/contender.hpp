// One coroutine of a simulated process that wants locks: it asks for one in a random manner, holds it in a random manner,
// gives it back in a random manner, and tells the referee what it was told.
#pragma once

#include "world.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>

namespace turnstile::simulation {

/// Ends after so many turns.
boost::asio::awaitable<void> contend(world& w, process_id p, session s, std::size_t turns);

}  // namespace turnstile::simulation

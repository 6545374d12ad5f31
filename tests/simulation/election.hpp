// Leading instead of holding: terms of office, until one has come to its end by itself.
#pragma once

#include "world.hpp"

#include <boost/asio/awaitable.hpp>

#include <string>

namespace turnstile::simulation {

/// A term that is lost is followed by another.
boost::asio::awaitable<void> lead(world& w, process_id p, session s, std::string key);

}  // namespace turnstile::simulation

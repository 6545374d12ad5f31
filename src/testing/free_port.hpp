// A TCP port of 127.0.0.1 that nobody uses and that the kernel gives to nobody.
//
// Not "bind to 0": such a port is one of those that outgoing connections get, so while its server is down somebody else may
// be given it. Worse, a client that keeps trying to connect to it may be given it itself, and is then connected to itself.
#pragma once

#include <cstdint>

namespace turnstile::inline v0::testing {

/// Free now; there is no way to keep it so. Throws std::runtime_error when a thousand tries find none.
std::uint16_t free_port();

}  // namespace turnstile::inline v0::testing

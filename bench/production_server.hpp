// The server on which things are measured.
#pragma once

#include <turnstile/testing/server.hpp>

#include <chrono>

namespace bench {

/// As production has it: every write is on the disk before it is acknowledged, and a tick is two seconds.
inline turnstile::testing::server_options as_in_production()
{
    turnstile::testing::server_options o;
    o.tick = std::chrono::milliseconds{2'000};
    o.fsync = true;
    return o;
}

}  // namespace bench

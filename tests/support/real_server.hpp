// One real ZooKeeper server for all tests of a binary, started when the first one asks.
//
// Tests share it, so they use paths of their own, and leave it running. Who stops, pauses or wipes a server makes one.
#pragma once

#include <turnstile/testing/server.hpp>

namespace turnstile::test {

/// Session timeouts from 200 ms to 2 s.
inline testing::server& real_server()
{
    static testing::server the_one;
    return the_one;
}

}  // namespace turnstile::test

// A server in memory, and a client of it.
#pragma once

#include "support/seam_probe.hpp"

#include <turnstile/testing/memory_server.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

namespace turnstile::test {

using testing::memory_server;
using testing::memory_server_options;

/// What a probe saw of a call whose answer was lost.
inline std::string lost(const std::string& tag) { return tag + ": " + error_code{errc::connection_loss}.message(); }

struct memory_server_test : ::testing::Test {
    memory_server server;
    std::unique_ptr<seam_probe> client = connect();

    std::unique_ptr<seam_probe> connect(detail::session_identity resume = {})
    {
        auto c = std::make_unique<seam_probe>(server.transport(), std::move(resume));
        EXPECT_TRUE(c->connected());
        return c;
    }
    outcome create(const std::string& path, create_mode mode = create_mode::persistent)
    {
        return client->call(op::create{path, "", mode});
    }
};

}  // namespace turnstile::test

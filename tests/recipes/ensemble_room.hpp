// What tests of recipes need while servers are killed, cut off, restarted and wiped.
#pragma once

#include "support/async_runner.hpp"
#include "support/eventually.hpp"
#include "support/zookeeper_under_test.hpp"

#include <turnstile/blocking.hpp>
#include <turnstile/result.hpp>
#include <turnstile/session.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <tuple>
#include <vector>

namespace turnstile::test {

inline session towards(const std::string& servers, std::chrono::milliseconds timeout)
{
    using namespace std::chrono_literals;
    session_options o{servers};
    o.session_timeout = timeout;
    o.retry_delay_min = 5ms;
    o.retry_delay_max = 100ms;
    return session::open(o);
}

/// Not older than the call, whichever member answers; none when there is no such node.
inline std::vector<std::string> children_now(const session& s, const std::string& path)
{
    constexpr std::chrono::seconds patience{30};
    blocking::wait(s.sync(path, patience));
    const auto children = blocking::wait(as_result(s.children(path, patience)));
    return children ? *children : std::vector<std::string>{};
}

/// All servers go and come back. Wiped or not; and whether it is all servers of what the tests run on, or of an ensemble.
class recipe_and_restarts : public ::testing::TestWithParam<std::tuple<bool, bool>> {
protected:
    void SetUp() override
    {
        if (std::get<1>(GetParam()) && kind_under_test() != zookeeper_kind::server)
            GTEST_SKIP() << "what the tests run on is an ensemble already";
    }
    void TearDown() override { zk_.repair(); }

    session open() { return towards(zk_.connect_string(), std::chrono::seconds{1}); }
    void stop_all()
    {
        zk_.kill_all();
        if (wiped_)
            zk_.wipe_all();
    }

    const bool wiped_ = std::get<0>(GetParam());
    zookeeper_under_test& zk_ = std::get<1>(GetParam()) ? real_ensemble() : real_zookeeper();
};

inline std::string name_of_restart(const ::testing::TestParamInfo<std::tuple<bool, bool>>& info)
{
    return std::string{std::get<0>(info.param) ? "wiped" : "kept"} + (std::get<1>(info.param) ? "_in_an_ensemble" : "");
}

}  // namespace turnstile::test

#include <turnstile/testing/ensemble.hpp>

#include <gtest/gtest.h>
namespace turnstile::testing {
TEST(ensemble, Serves)
{
    ensemble zk;
    EXPECT_EQ(zk.size(), 3U);
    EXPECT_TRUE(zk.leader());
    const auto old = zk.kill_leader();
    EXPECT_NE(zk.wait_for_leader(), old);
}
}

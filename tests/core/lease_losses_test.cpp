// Leases that are lost: when, and who is told.
#include "lease_room.hpp"

#include "holding.hpp"

#include <atomic>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace turnstile::test {

TEST_P(leases, AreLostWithTheirSession)
{
    auto l = granted(s_);
    async_runner other;
    auto told = other.spawn(l.lost());
    std::atomic<bool> stopped{false};
    const std::stop_callback on_stop{l.stop_token(), [&] { stopped = true; }};
    server_->expire(s_);
    told.get();
    EXPECT_FALSE(l.held());
    EXPECT_EQ(l.state(), lease_state::lost);
    EXPECT_TRUE(eventually([&] { return stopped.load(); }));
    try {
        l.check();
        FAIL();
    } catch (const error& e) {
        EXPECT_EQ(e.code(), errc::lost);
        EXPECT_EQ(e.path(), "/held");
    }
    EXPECT_EQ(failure_of(l.release(10s)), errc::lost);
    EXPECT_EQ(failure_of(l.release(10s)), errc::not_held);
}

TEST(lease_loss, IsToldWhenTheSessionEndsAndNotOnlyAtTheNextHeartbeat)
{
    testing::memory_server server;
    session_options o;
    o.transport = server.transport();
    o.session_timeout = 40s;  // a heartbeat every ten
    const auto s = session::open(std::move(o));
    const auto made = wait(s.create("/held", "", create_mode::ephemeral));
    async_runner other;  // outlives the lease: a wait for its loss ends with it at the latest
    auto held = s.grant("/held", made.stat.czxid, s.epoch());
    auto told = other.spawn(held.lost());
    server.expire(s.id());
    EXPECT_TRUE(told.done(5s));
}

TEST_P(leases, AreLostAtTheirDeadlineWhenTheServerIsFrozen)
{
    auto l = granted(s_);
    async_runner other;
    auto told = other.spawn(l.lost());
    server_->pause();
    ASSERT_TRUE(told.done(10s));
    const auto late = boot_clock::now() - l.held_until();
    told.get();
    EXPECT_GE(late, 0ms);
    EXPECT_LT(late, 500ms) << "milliseconds on an idle machine";
    EXPECT_FALSE(l.held());
    server_->resume();
    EXPECT_FALSE(l.held()) << "for good";
}

TEST_P(leases, AreNeverBelievedBeyondTheirDeadline)
{
    const auto l = granted(s_);
    server_->pause();
    while (true) {
        const auto until = l.held_until();
        const auto before = boot_clock::now();
        const bool held = l.held();
        EXPECT_TRUE(!held || before < until);
        if (!held)
            break;
    }
    server_->resume();
}

TEST_P(leases, AreLostWhenAnOperatorDeletesTheNode)
{
    auto l = granted(s_);
    const auto at_first = l.held_until();
    ASSERT_TRUE(eventually([&] { return l.held_until() > at_first; })) << "by now the node is watched";
    server_->erase("/held");
    EXPECT_TRUE(lost(l));
    EXPECT_EQ(failure_of(l.release(10s)), errc::lost);
}

TEST_P(leases, ThatNobodyKnewToBeLostSayItWhenReleased)
{
    auto l = granted(s_);
    server_->erase("/held");
    EXPECT_EQ(failure_of(l.release(10s)), errc::lost);
}

TEST_P(leases, WaitingForTheLossEndsWithTheRelease)
{
    auto l = granted(s_);
    async_runner other;
    auto told = other.spawn(l.lost());
    EXPECT_FALSE(told.done(20ms));
    wait(l.release());
    EXPECT_TRUE(cancelled(failure_of(told)));
}

/// As each while_held leaves one: a leader runs task after task under one lease.
TEST(holdings, KeepNothingOfWaitsThatHaveEnded)
{
    testing::memory_server server;
    session_options o;
    o.transport = server.transport();
    const auto s = session::open(o);
    const auto made = wait(s.create("/held", "", create_mode::ephemeral));
    wait(s.prove(s.epoch()));
    const auto clock = s.core()->clock_of(s.epoch());
    const auto h =
        std::make_shared<detail::holding>(s, std::vector<std::string>{"/held"}, s.epoch(), made.stat.czxid, clock, nullptr);
    std::weak_ptr<detail::once<error_code>> ended;
    for (int i = 0; i < 2; ++i) {
        auto waiting = std::make_shared<detail::once<error_code>>([](error_code) {});
        h->when_lost(waiting);
        EXPECT_TRUE(waiting->complete(boost::asio::error::operation_aborted));
        if (i == 0)
            ended = waiting;
    }
    EXPECT_TRUE(ended.expired());
}

TEST_P(leases, WaitingForTheLossCanBeCancelled)
{
    auto l = granted(s_);
    async_runner other;
    auto told = other.spawn(l.lost());
    EXPECT_FALSE(told.done(20ms));
    told.cancel();
    EXPECT_TRUE(cancelled(failure_of(told)));
    EXPECT_TRUE(l.held());
}

TEST_P(leases, AreLostWhenTheSessionIsClosed)
{
    auto l = granted(s_);
    wait(s_.close());
    EXPECT_EQ(l.state(), lease_state::lost);
}

TEST_P(leases, OfAFormerEpochAreLostFromTheStart)
{
    wait(s_.connected());
    const auto first = s_.epoch();
    server_->expire(s_);
    ASSERT_TRUE(renewed(s_, first));
    auto l = s_.grant("/held", 1, first);
    EXPECT_EQ(l.state(), lease_state::lost);
    EXPECT_FALSE(failure_of(l.lost()));
    EXPECT_EQ(failure_of(l.release(10s)), errc::lost);
}

TEST_P(leases, OfAnEpochThatHasEndedAreLostThoughNoOtherHasBegun)
{
    wait(s_.connected());
    const auto in = s_.epoch();
    EXPECT_FALSE(wait(s_.prove(in)));
    wait(s_.close());
    EXPECT_FALSE(s_.proven(in));
    EXPECT_EQ(s_.grant("/held", 1, in).state(), lease_state::lost);
}

}  // namespace turnstile::test

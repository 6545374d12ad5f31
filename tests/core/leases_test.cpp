#include "session_room.hpp"

#include <turnstile/while_held.hpp>

#include "holding.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <utility>

namespace turnstile::test {

namespace {

class leases : public session_room {
protected:
    lease granted(const session& s, const std::string& path = "/held", std::shared_ptr<void> keepsake = nullptr)
    {
        const auto made = wait(s.create(path, "", create_mode::ephemeral));
        return s.grant(path, made.stat.czxid, s.epoch(), std::move(keepsake));
    }
    bool lost(const lease& l)
    {
        return eventually([&] { return l.state() == lease_state::lost; });
    }

    const session s_ = open(1s);
};

boost::asio::awaitable<int> never_ending(std::shared_ptr<std::atomic<bool>> cancelled_ = nullptr)
{
    boost::asio::steady_timer timer{co_await boost::asio::this_coro::executor};
    timer.expires_after(1h);
    try {
        co_await timer.async_wait(boost::asio::use_awaitable);
    } catch (const boost::system::system_error&) {
        if (cancelled_)
            *cancelled_ = true;
        throw;
    }
    co_return 0;
}

boost::asio::awaitable<int> ready(int value) { co_return value; }

boost::asio::awaitable<void> failing()
{
    throw std::runtime_error{"work failed"};
    co_return;
}

boost::asio::awaitable<void> nothing() { co_return; }

}  // namespace

TEST_P(leases, OfNothingHoldNothing)
{
    lease none;
    EXPECT_FALSE(none.held());
    EXPECT_FALSE(none);
    EXPECT_EQ(none.state(), lease_state::released);
    EXPECT_EQ(none.token(), 0);
    EXPECT_EQ(none.path(), "");
    EXPECT_EQ(none.epoch(), epoch::none);
    EXPECT_THROW(none.check(), error);
    EXPECT_EQ(failure_of(none.release()), errc::not_held);
    EXPECT_EQ(failure_of(none.lost()), errc::not_held);
    none.release_in_background();
}

TEST_P(leases, AreHeldUntilReleased)
{
    auto l = granted(s_);
    EXPECT_TRUE(l.held());
    EXPECT_EQ(l.state(), lease_state::held);
    EXPECT_NO_THROW(l.check());
    EXPECT_EQ(l.path(), "/held");
    EXPECT_EQ(l.epoch(), s_.epoch());
    EXPECT_GT(l.held_until(), boot_clock::now());
    EXPECT_LE(l.held_until(), boot_clock::now() + s_.timeout() * 2 / 3 + 1ms);
    wait(l.release());
    EXPECT_FALSE(wait(s_.exists("/held")));
    EXPECT_FALSE(l.held());
    EXPECT_EQ(failure_of(l.release()), errc::not_held);
}

TEST_P(leases, AreReleasedWhenDropped)
{
    {
        const auto l = granted(s_);
    }
    wait(s_.swept(10s));
    EXPECT_FALSE(wait(s_.exists("/held")));
}

TEST_P(leases, MoveWithoutBeingReleased)
{
    auto first = granted(s_);
    auto second = std::move(first);
    EXPECT_TRUE(second.held());
    EXPECT_FALSE(first.held());  // NOLINT(bugprone-use-after-move)
    second = granted(s_, "/other");
    wait(s_.swept(10s));
    EXPECT_FALSE(wait(s_.exists("/held")));
    EXPECT_TRUE(wait(s_.exists("/other")));
}

TEST_P(leases, AreProlongedWhileTheConnectionIsWell)
{
    const auto l = granted(s_);
    const auto at_first = l.held_until();
    EXPECT_TRUE(eventually([&] { return l.held_until() > at_first + s_.timeout(); }));
    EXPECT_TRUE(l.held());
}

/// The alarm was set for the timeout that was asked for.
TEST_P(leases, AreProlongedThoughTheServersGrantAShorterSession)
{
    if (GetParam() == backend_kind::memory)
        GTEST_SKIP() << "it grants what is asked for";
    const auto s = open(30s);
    const auto proof = s.keep_proving();
    wait(s.connected());
    ASSERT_LE(s.timeout(), 2s);
    const auto l = granted(s);
    const auto at_first = l.held_until();
    EXPECT_TRUE(eventually([&] { return l.held_until() > at_first; }));
    EXPECT_TRUE(l.held());
}

/// Grants what is asked for at first, and half a second at the reconnect: a server whose limits have been changed.
class shortening_transport final : public detail::transport {
public:
    explicit shortening_transport(std::shared_ptr<detail::transport> inner) : inner_{std::move(inner)} {}
    std::shared_ptr<detail::client> open(detail::client_settings settings,
                                         std::shared_ptr<detail::client_events> events) override
    {
        return inner_->open(std::move(settings), std::make_shared<link>(std::move(events)));
    }

private:
    struct link final : detail::client_events {
        explicit link(std::shared_ptr<detail::client_events> to_) : to{std::move(to_)} {}
        void on_connected(const detail::session_identity& identity, std::chrono::milliseconds timeout) override
        {
            to->on_connected(identity, std::exchange(again, true) ? 500ms : timeout);
        }
        void on_disconnected() override { to->on_disconnected(); }
        void on_expired() override { to->on_expired(); }
        void on_auth_failed() override { to->on_auth_failed(); }
        void on_watch(watch_event_type type, const std::string& path) override { to->on_watch(type, path); }

        const std::shared_ptr<detail::client_events> to;
        bool again = false;
    };
    const std::shared_ptr<detail::transport> inner_;
};

TEST(lease_in_a_session, IsGoodForTheTimeoutThatTheReconnectGranted)
{
    testing::memory_server server;
    session_options o;
    o.transport = std::make_shared<shortening_transport>(server.transport());
    o.session_timeout = 30s;
    const auto s = session::open(o);
    const auto made = wait(s.create("/held", "", create_mode::ephemeral));
    const auto l = s.grant("/held", made.stat.czxid, s.epoch());
    EXPECT_GT(l.held_until(), boot_clock::now() + 10s);
    server.disconnect_all();
    EXPECT_TRUE(eventually([&] { return l.held_until() < boot_clock::now() + 1s; }, 3s));
    EXPECT_TRUE(eventually([&] { return s.timeout() == 500ms; }));
}

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

/// An overloaded server: it executes the first list of children only when it is asked again.
class throttling_transport final : public detail::transport {
public:
    explicit throttling_transport(std::shared_ptr<detail::transport> inner) : inner_{std::move(inner)} {}
    std::shared_ptr<detail::client> open(detail::client_settings settings,
                                         std::shared_ptr<detail::client_events> events) override
    {
        return std::make_shared<link>(inner_->open(std::move(settings), std::move(events)));
    }

private:
    struct link final : detail::client {
        explicit link(std::shared_ptr<detail::client> to_) : to{std::move(to_)} {}
        error_code submit(const operation& o, detail::completion done) override
        {
            if (!std::holds_alternative<op::children>(o) || std::exchange(again, true))
                return to->submit(o, std::move(done));
            op::exists instead{"/"};
            return to->submit(instead, [done = std::move(done)](const outcome&) mutable { done(outcome{errc::throttled}); });
        }
        void close(bool end_session, detail::unique_function<void()> closed) override
        {
            to->close(end_session, std::move(closed));
        }

        const std::shared_ptr<detail::client> to;
        bool again = false;
    };
    const std::shared_ptr<detail::transport> inner_;
};

TEST(sweeper_of_a_session, AsksAnOverloadedServerAgain)
{
    testing::memory_server server;
    session_options o;
    o.transport = std::make_shared<throttling_transport>(server.transport());
    const auto s = session::open(o);
    wait(s.create("/line", ""));
    wait(s.create("/line/ours-", "", create_mode::ephemeral_sequential));
    s.discard_marked("/line", "ours-", s.epoch());
    wait(s.swept(10s));
    EXPECT_THAT(server.children("/line"), ::testing::IsEmpty());
}

/// The node goes with the session, if the delete has not come before it.
TEST(lease_in_a_session, LeavesNoDoubtWhenTheSessionIsClosedUnderItsRelease)
{
    testing::memory_server server;
    session_options o;
    o.transport = server.transport();
    const auto s = session::open(o);
    async_runner run;
    const auto made = wait(s.create("/held", "", create_mode::ephemeral));
    auto l = s.grant("/held", made.stat.czxid, s.epoch());
    server.hold_replies(true);
    auto released = run.spawn(l.release());
    EXPECT_TRUE(eventually([&] { return !server.exists("/held"); }));
    auto closed = run.spawn(s.close());
    EXPECT_EQ(failure_of(released), errc::lost);
    server.hold_replies(false);
    closed.get();
}

TEST_P(leases, DropTheirKeepsakeWhenOver)
{
    const auto keepsake = std::make_shared<int>(0);
    auto l = granted(s_, "/held", keepsake);
    EXPECT_EQ(keepsake.use_count(), 2);
    wait(l.release());
    EXPECT_EQ(keepsake.use_count(), 1);
    l = granted(s_, "/held", keepsake);
    server_->expire(s_);
    EXPECT_TRUE(lost(l));
    EXPECT_TRUE(eventually([&] { return keepsake.use_count() == 1; }));
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

TEST_P(leases, GuardTransactions)
{
    auto l = granted(s_);
    auto t = l.guard();
    t.create("/effect");
    wait(s_.commit(std::move(t)));
    server_->erase("/held");
    auto late = l.guard();
    late.create("/late-effect");
    EXPECT_EQ(failure_of(s_.commit(std::move(late))), errc::no_node);
    EXPECT_FALSE(wait(s_.exists("/late-effect")));
}

TEST_P(leases, KeepProvingFeedsTheSessionUntilDropped)
{
    auto proof = s_.keep_proving();
    wait(s_.connected());
    EXPECT_TRUE(eventually([&] { return s_.proven(s_.epoch()); }));
    const auto until = boot_clock::now() + s_.timeout();
    EXPECT_TRUE(eventually([&] {
        EXPECT_TRUE(s_.proven(s_.epoch()));
        return boot_clock::now() > until;
    }));
    proof.reset();
    EXPECT_TRUE(eventually([&] { return !s_.proven(s_.epoch()); }));
}

/// An alarm for each would go on for as long as anything is held.
TEST_P(leases, ShareOneAlarm)
{
    const auto l = granted(s_);
    const auto before = detail::backstage::get().pending();  // of this process: other tests have left some
    for (int i = 0; i < 100; ++i) {
        s_.grant("/brief", l.token(), s_.epoch()).release_in_background();
        s_.keep_proving();
    }
    EXPECT_LT(detail::backstage::get().pending(), before + 20);
    EXPECT_TRUE(eventually([&, first = l.held_until()] { return l.held_until() > first + s_.timeout(); }));
    EXPECT_LT(detail::backstage::get().pending(), before + 20) << "later on";
}

TEST_P(leases, OneWriteProvesTheSession)
{
    wait(s_.connected());
    EXPECT_FALSE(s_.proven(s_.epoch()));
    EXPECT_FALSE(wait(s_.prove(s_.epoch())));
    EXPECT_TRUE(s_.proven(s_.epoch()));
    EXPECT_FALSE(wait(s_.prove(s_.epoch()))) << "again";
    EXPECT_FALSE(s_.proven(epoch{7}));
    EXPECT_EQ(wait(s_.prove(epoch{7})), errc::session_expired);
}

/// A server that is cut off from its leader answers reads as well.
TEST_P(leases, AReadProvesNothing)
{
    wait(s_.sync());  // behind the root, which is a write
    ASSERT_TRUE(eventually([&] { return !s_.proven(s_.epoch()); }));
    EXPECT_TRUE(wait(s_.exists("/")));
    EXPECT_FALSE(s_.proven(s_.epoch()));
}

TEST_P(leases, TheMemberNodeIsMadeAgainWhenSomebodyRemovesIt)
{
    wait(s_.connected());
    ASSERT_FALSE(wait(s_.prove(s_.epoch())));
    const auto members = wait(s_.children(s_.options().members));
    ASSERT_EQ(members.size(), 1U);
    server_->erase(s_.options().members + "/" + members.front());
    EXPECT_FALSE(wait(s_.prove(s_.epoch())));
    EXPECT_EQ(wait(s_.children(s_.options().members)), members);
}

TEST_P(leases, WorkWhileHeldDecidesTheOutcome)
{
    auto l = granted(s_);
    for (int i = 0; i < 100; ++i)
        EXPECT_EQ(wait(while_held(l, ready(i))), i);
    EXPECT_FALSE(failure_of(while_held(l, nothing())));
    EXPECT_THROW(wait(while_held(l, failing())), std::runtime_error);
    EXPECT_TRUE(l.held());
    lease none;
    EXPECT_EQ(failure_of(while_held(none, ready(1))), errc::not_held);
}

TEST_P(leases, WorkIsCancelledWhenTheLeaseIsLost)
{
    auto l = granted(s_);
    const auto unwound = std::make_shared<std::atomic<bool>>(false);
    async_runner other;
    auto work = other.spawn(while_held(l, never_ending(unwound)));
    EXPECT_FALSE(work.done(20ms));
    server_->expire(s_);
    EXPECT_EQ(failure_of(work), errc::lost);
    EXPECT_TRUE(*unwound);
}

TEST_P(leases, CancellingTheCallCancelsTheWork)
{
    auto l = granted(s_);
    const auto unwound = std::make_shared<std::atomic<bool>>(false);
    async_runner other;
    auto work = other.spawn(while_held(l, never_ending(unwound)));
    EXPECT_FALSE(work.done(20ms));
    work.cancel();
    EXPECT_TRUE(cancelled(failure_of(work)));
    EXPECT_TRUE(*unwound);
    EXPECT_TRUE(l.held());
}

TEST_P(leases, LeaveNoWatchBehind)
{
    wait(s_.connected());
    ASSERT_TRUE(eventually([&] { return server_->watch_count() == 0; })) << "sessions of earlier tests have ended";
    auto l = granted(s_);
    const auto at_first = l.held_until();
    ASSERT_TRUE(eventually([&] { return l.held_until() > at_first; }));
    wait(l.release());
    EXPECT_TRUE(eventually([&] { return server_->watch_count() == 0; }));
}

INSTANTIATE_TEST_SUITE_P(on, leases, ::testing::Values(backend_kind::memory, backend_kind::real), name_of);

}  // namespace turnstile::test

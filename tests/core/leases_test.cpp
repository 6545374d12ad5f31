// Leases: how they are held, prolonged, proven and released.
#include "lease_room.hpp"

#include <memory>
#include <string>
#include <utility>

namespace turnstile::test {

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
    ASSERT_LT(s.timeout(), 30s);
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

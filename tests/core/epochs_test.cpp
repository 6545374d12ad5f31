// What ends: sessions, deadlines, patience, and the process that had them.
#include "session_room.hpp"

#include <support/error_of.hpp>

#include <turnstile/testing/faults.hpp>

#include <algorithm>
#include <atomic>
#include <future>
#include <mutex>
#include <string>
#include <vector>

namespace turnstile::test {

namespace {

class epochs : public session_room {
protected:
    const session s_ = open();
};

/// Only the server in memory does this on command.
class epochs_in_memory : public ::testing::Test {
protected:
    session open(const std::shared_ptr<detail::transport>& t)
    {
        session_options o;
        o.transport = t;
        return session::open(std::move(o));
    }

    testing::memory_server server_;
};

}  // namespace

TEST_P(epochs, BeginWithTheFirstConnection)
{
    wait(s_.connected());
    EXPECT_EQ(s_.epoch(), epoch{1});
    EXPECT_NE(s_.id(), 0);
    EXPECT_EQ(s_.timeout(), s_.options().session_timeout);
    EXPECT_EQ(s_.state(), connection_state::connected);
}

TEST_P(epochs, FollowEachOtherByThemselves)
{
    wait(s_.create("/e", "", create_mode::ephemeral));
    const auto first = s_.id();
    server_->expire(s_);
    ASSERT_TRUE(renewed(s_, epoch{1}));
    EXPECT_EQ(s_.epoch(), epoch{2});
    EXPECT_NE(s_.id(), first);
    EXPECT_FALSE(wait(s_.exists("/e")));
}

TEST_P(epochs, ListenersSeeTheStatesInTheirOrder)
{
    async_runner listening;
    std::mutex mutex;
    std::vector<connection_state> seen;
    const auto fresh = open();
    const auto registration = fresh.on_state(listening.context().get_executor(), [&](connection_state s) {
        const std::lock_guard lock{mutex};
        seen.push_back(s);
    });
    wait(fresh.connected());
    server_->expire(fresh);
    ASSERT_TRUE(renewed(fresh, epoch{1}));
    wait(fresh.close());
    const auto last = [&] {
        const std::lock_guard lock{mutex};
        return !seen.empty() && seen.back() == connection_state::closed;
    };
    ASSERT_TRUE(eventually(last));
    using state = connection_state;
    std::erase(seen, state::suspended);  // there is one when the connection goes first
    seen.erase(std::unique(seen.begin(), seen.end()), seen.end());
    if (seen.front() == state::connecting)
        seen.erase(seen.begin());
    if (seen.front() == state::lost)  // the first connection was faster than our listener
        seen.insert(seen.begin(), state::connected);
    EXPECT_THAT(seen,
                ::testing::ElementsAre(state::connected, state::lost, state::connecting, state::connected, state::closed));
}

TEST_P(epochs, AListenerThatIsDroppedHearsNothing)
{
    async_runner listening;
    std::atomic<int> calls{0};
    {
        const auto registration = s_.on_state(listening.context().get_executor(), [&](connection_state) { ++calls; });
    }
    wait(s_.connected());
    wait(s_.close());
    EXPECT_EQ(calls, 0);
}

TEST_P(epochs, WhatIsBoundToOneIsNotSentInAnother)
{
    wait(s_.create("/a"));
    const auto first = s_.epoch();
    EXPECT_TRUE(wait(s_.run(op::get{"/a"}, 10s, first)).ok());
    server_->expire(s_);
    ASSERT_TRUE(renewed(s_, first));
    EXPECT_EQ(wait(s_.run(op::create{"/b"}, 10s, first)).ec, errc::session_expired);
    EXPECT_EQ(wait(s_.run(op::get{"/a"}, 10s, epoch{77})).ec, errc::session_expired);
    EXPECT_FALSE(wait(s_.exists("/b")));
    EXPECT_TRUE(wait(s_.run(op::get{"/a"}, 10s, s_.epoch())).ok());
}

TEST_P(epochs, WhenOneEndsUnderWayReadsAreRepeatedAndWritesAreInDoubt)
{
    wait(s_.create("/a", "data"));
    const auto first = s_.epoch();
    async_runner other;
    server_->pause();
    auto read = other.spawn(s_.run(op::get{"/a"}, 20s));
    auto write = other.spawn(s_.run(op::set{"/a", "x"}, 20s));
    auto bound_read = other.spawn(s_.run(op::get{"/a"}, 20s, first));
    auto bound_write = other.spawn(s_.run(op::set{"/a", "x"}, 20s, first));
    EXPECT_FALSE(bound_write.done(50ms));  // they are under way
    if (GetParam() == backend_kind::memory) {
        server_->expire(s_);
    } else {  // longer than the servers wait, and than we do
        const auto given_up = [&] {
            return s_.state() == connection_state::lost || s_.state() == connection_state::connecting;
        };
        ASSERT_TRUE(eventually(given_up, 20s));
    }
    server_->resume();
    EXPECT_TRUE(read.get().ok());
    EXPECT_TRUE(in_doubt(write.get().ec));
    EXPECT_EQ(bound_read.get().ec, errc::session_expired);
    const auto ec = bound_write.get().ec;
    EXPECT_TRUE(ec == errc::session_expired || in_doubt(ec)) << ec.message();
    EXPECT_TRUE(renewed(s_, first));
}

TEST_P(epochs, AFrozenServerIsLeftAtTheDeadline)
{
    wait(s_.create("/a"));
    server_->pause();
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(failure_of(s_.set("/a", "x", any_version, 150ms)), errc::deadline_exceeded);
    EXPECT_EQ(failure_of(s_.get("/a", 150ms)), errc::deadline_exceeded);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s);
    server_->resume();
    EXPECT_FALSE(failure_of(s_.get("/a", 20s)));
}

TEST_P(epochs, ADeadlineThatHasPassedEndsEveryOperationOnce)
{
    wait(s_.create("/a"));
    for (int i = 0; i < 300; ++i) {
        const auto ec = failure_of(s_.get("/a", deadline{std::chrono::microseconds{i / 10}}));
        ASSERT_TRUE(!ec || ec == errc::deadline_exceeded || ec == errc::not_connected) << ec.message();
    }
    EXPECT_FALSE(failure_of(s_.get("/a", 20s)));
}

TEST_P(epochs, EachWaitCanBeCancelled)
{
    wait(s_.create("/a"));
    server_->pause();
    async_runner other;
    auto reading = other.spawn(s_.get("/a"));
    auto writing = other.spawn(s_.set("/a", "x"));
    const auto fresh = open();
    auto connecting = other.spawn(fresh.connected());
    s_.discard("/a", s_.epoch());
    auto sweeping = other.spawn(s_.swept());
    auto proving = other.spawn(s_.prove(s_.epoch()));
    EXPECT_FALSE(reading.done(20ms));
    reading.cancel();
    writing.cancel();
    sweeping.cancel();
    proving.cancel();
    if (connecting.done(20ms))
        connecting.get();  // the server in memory connects while it is paused
    else
        connecting.cancel();
    EXPECT_TRUE(cancelled(failure_of(reading)));
    EXPECT_TRUE(cancelled(failure_of(writing)));
    EXPECT_TRUE(cancelled(failure_of(sweeping)));
    EXPECT_TRUE(cancelled(proving.get()));
    server_->resume();
    EXPECT_FALSE(failure_of(s_.swept(20s)));
}

TEST_P(epochs, ClosingCompletesEachOfManyOperationsOnce)
{
    wait(s_.create("/a"));
    constexpr int count = 2'000;
    std::atomic<int> answered{0};
    for (int i = 0; i < count; ++i)
        s_.core()->fly({op::set{"/a", "x"}}, epoch::none, [&](const std::vector<outcome>& answers) {
            const auto ec = answers.front().ec;
            EXPECT_TRUE(!ec || ec == errc::closing || ec == errc::session_closed) << ec.message();
            ++answered;
        });
    wait(s_.close());
    EXPECT_TRUE(eventually([&] { return answered == count; }));
    EXPECT_EQ(answered, count);
    EXPECT_EQ(failure_of(s_.get("/a")), errc::session_closed);
    EXPECT_EQ(failure_of(s_.connected()), errc::session_closed);
    wait(s_.close());
}

TEST_P(epochs, ExpiryUnderLoadCompletesEachOfManyOperationsOnce)
{
    wait(s_.create("/a"));
    constexpr int count = 2'000;
    std::atomic<int> answered{0};
    for (int i = 0; i < count; ++i) {
        if (i == count / 2)
            server_->expire(s_);
        const auto in = i % 3 == 0 ? epoch{1} : epoch::none;
        operation o = i % 2 == 0 ? operation{op::get{"/a"}} : operation{op::set{"/a", "x"}};
        s_.core()->fly({std::move(o)}, in, [&](const std::vector<outcome>&) { ++answered; });
    }
    EXPECT_TRUE(eventually([&] { return answered == count; }, 20s));
    EXPECT_EQ(answered, count);
}

TEST_P(epochs, ClosingWhileConnectingIsQuick)
{
    server_->pause();
    const auto fresh = open();
    const auto begin = std::chrono::steady_clock::now();
    wait(fresh.close());
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);
    server_->resume();
}

TEST_P(epochs, ToWaitOnAThreadOfTheSdkWouldDeadlock)
{
    std::promise<error_code> told;
    detail::backstage::get().post([&] { told.set_value(failure_of(s_.exists("/a"))); });
    EXPECT_EQ(told.get_future().get(), errc::would_deadlock);
    if (GetParam() == backend_kind::real) {
        std::promise<error_code> told_by_zookeeper;
        s_.core()->fly({op::exists{"/a"}}, epoch::none,
                       [&](const std::vector<outcome>&) { told_by_zookeeper.set_value(failure_of(s_.exists("/a"))); });
        EXPECT_EQ(told_by_zookeeper.get_future().get(), errc::would_deadlock);
    }
}

TEST_P(epochs, ToWaitInsideAWaitWouldDeadlock)
{
    const auto nested = [](session s) -> boost::asio::awaitable<error_code> {
        co_await s.exists("/a");
        co_return failure_of(s.exists("/a"));
    };
    EXPECT_EQ(wait(nested(s_)), errc::would_deadlock);
    EXPECT_FALSE(failure_of(s_.exists("/a")));
}

TEST_P(epochs, OptionsThatCanNeverWorkAreRefused)
{
    const auto refused = [&](auto change) {
        auto o = server_->options();
        change(o);
        return error_of([&] { static_cast<void>(session::open(std::move(o))); });
    };
    EXPECT_EQ(refused([](auto& o) { o.servers.clear(); }), errc::bad_argument);
    EXPECT_EQ(refused([](auto& o) { o.servers = "a:1/chroot"; }), errc::bad_argument);
    EXPECT_EQ(refused([](auto& o) { o.root = "app"; }), errc::bad_path);
    EXPECT_EQ(refused([](auto& o) { o.members = "/a/"; }), errc::bad_path);
    EXPECT_EQ(refused([](auto& o) { o.session_timeout = 0ms; }), errc::bad_argument);
    EXPECT_EQ(refused([](auto& o) { o.operation_timeout = 0ms; }), errc::bad_argument);
    EXPECT_EQ(refused([](auto& o) { o.label.assign(201, 'x'); }), errc::bad_argument);
    EXPECT_EQ(refused([](auto& o) { o.digest = "nobody"; }), errc::bad_argument);
    EXPECT_EQ(refused([](auto& o) { o.in_flight_max = 0; }), errc::bad_argument);
}

INSTANTIATE_TEST_SUITE_P(on, epochs, ::testing::Values(backend_kind::memory, backend_kind::real), name_of);

TEST_F(epochs_in_memory, WhatWasNeverSentIsNotConnected)
{
    server_.refuse_connections(true);
    const auto s = open(server_.transport());
    EXPECT_EQ(failure_of(s.create("/a", "", create_mode::persistent, {}, 50ms)), errc::not_connected);
    EXPECT_EQ(failure_of(s.get("/a", 50ms)), errc::not_connected);
    EXPECT_EQ(failure_of(s.connected(50ms)), errc::not_connected);
    EXPECT_EQ(s.epoch(), epoch::none);
    server_.refuse_connections(false);
    wait(s.connected(10s));
    EXPECT_FALSE(server_.exists("/a"));
}

TEST_F(epochs_in_memory, AReadIsRepeatedAndAWriteIsNot)
{
    for (const auto what : {testing::fault::lost_before, testing::fault::lost_after, testing::fault::timed_out}) {
        testing::memory_server server;
        testing::faults faults{server.transport()};
        const auto s = open(faults.transport());
        wait(s.create("/a"));
        faults.arm(1, what);
        EXPECT_FALSE(failure_of(s.get("/a"))) << to_string(what);
        EXPECT_TRUE(faults.fired());
        faults.arm(1, what);
        EXPECT_TRUE(in_doubt(failure_of(s.set("/a", "x")))) << to_string(what);
        EXPECT_EQ(server.data("/a") == "x", what != testing::fault::lost_before);
        EXPECT_EQ(s.epoch(), epoch{1});
    }
}

/// It was made once per epoch, and never when the connection went under it.
TEST_F(epochs_in_memory, TheRootIsMadeThoughTheConnectionGoes)
{
    for (const auto what : testing::all_faults()) {
        testing::memory_server server;
        testing::faults faults{server.transport()};
        faults.arm(1, what);
        session_options o;
        o.transport = faults.transport();
        o.root = "/app/deep";
        const auto s = session::open(std::move(o));
        const auto made = [&] { return !failure_of(s.create("/x")) || server.exists("/app/deep/x"); };
        EXPECT_TRUE(eventually(made)) << to_string(what);
    }
}

TEST_F(epochs_in_memory, WrongCredentialsEndTheSession)
{
    server_.refuse_credentials(true);
    session_options o;
    o.transport = server_.transport();
    o.digest = "user:wrong";
    const auto s = session::open(std::move(o));
    EXPECT_EQ(failure_of(s.connected()), errc::auth_failed);
    EXPECT_EQ(failure_of(s.get("/a")), errc::auth_failed);
    EXPECT_EQ(s.state(), connection_state::auth_failed);
    wait(s.close());
    EXPECT_EQ(s.state(), connection_state::closed);
}

TEST_F(epochs_in_memory, CleaningUpSurvivesEveryFault)
{
    const auto report = testing::faultsim([&](testing::faults& f, testing::memory_server& server) {
        SCOPED_TRACE(f.describe());
        session_options o;
        o.transport = f.transport();
        const auto s = session::open(std::move(o));
        {
            const auto calm = f.calmly();
            wait(s.create("/line"));
            wait(s.create("/line/plain", "", create_mode::ephemeral));
            wait(s.create("/line/x-marked-1", "", create_mode::ephemeral));
            wait(s.create("/line/x-marked-2", "", create_mode::ephemeral));
            wait(s.create("/line/other", "", create_mode::persistent));
        }
        s.discard("/line/plain", s.epoch());
        s.discard_marked("/line", "-marked-", s.epoch());
        wait(s.swept(20s));
        EXPECT_EQ(server.children("/line"), std::vector<std::string>{"other"});
    });
    EXPECT_GT(report.total(), 10U);
}

TEST_F(epochs_in_memory, CleaningUpWaitsForTheConnection)
{
    session_options o;
    o.transport = server_.transport();
    o.queued_max = 1;
    const auto s = session::open(std::move(o));
    wait(s.create("/e", "", create_mode::ephemeral));
    wait(s.create("/f", "", create_mode::ephemeral));
    server_.refuse_connections(true);
    server_.disconnect_all();
    ASSERT_TRUE(eventually([&] { return s.state() == connection_state::suspended; }));
    async_runner other;
    auto fills_the_queue = other.spawn(s.exists("/e"));
    EXPECT_FALSE(fills_the_queue.done(20ms));
    s.discard("/e", s.epoch());
    s.discard("/f", s.epoch());
    EXPECT_EQ(failure_of(s.swept(20ms)), errc::deadline_exceeded);
    server_.refuse_connections(false);
    wait(s.swept(10s));
    EXPECT_FALSE(server_.exists("/e"));
    EXPECT_FALSE(server_.exists("/f"));
}

}  // namespace turnstile::test

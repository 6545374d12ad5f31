#include "session_room.hpp"

#include "session_core.hpp"

#include <turnstile/testing/faults.hpp>
#include <turnstile/testing/memory_server.hpp>

#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>

#include <atomic>
#include <optional>
#include <thread>
#include <vector>

namespace turnstile::test {

namespace {

using type = watch_event_type;

class watches : public session_room {
protected:
    static watch_event next(watcher& w)
    {
        auto event = wait(w.next(10s));
        return event ? *event : watch_event{type::created, "nothing came"};
    }
    static bool silent(watcher& w) { return !wait(w.next(50ms)); }
    bool server_watches(std::size_t n)
    {
        return eventually([&] { return server_->watch_count() == n; });
    }

    const session s_ = open();
};

boost::asio::awaitable<int> poll_until(session s, int events)
{
    int seen = 0;
    watcher w{s};
    while (seen < events) {
        co_await s.get("/a", w);
        const auto event = co_await w.next(deadline{std::chrono::microseconds{300}});
        if (event)
            ++seen;
    }
    co_return seen;
}

boost::asio::awaitable<int> wait_for_events(session s, int events)
{
    int seen = 0;
    watcher w{s};
    co_await s.get("/a", w);
    while (seen < events) {
        const auto event = co_await w.next(deadline{std::chrono::microseconds{100}});
        if (!event)
            continue;
        ++seen;
        co_await s.get("/a", w);
    }
    co_return seen;
}

}  // namespace

TEST_P(watches, OfANodeTellsThatItChanged)
{
    wait(s_.create("/a"));
    watcher w{s_};
    wait(s_.get("/a", w));
    wait(s_.set("/a", "x"));
    EXPECT_EQ(next(w), (watch_event{type::changed, "/a"}));
}

TEST_P(watches, OfANodeTellsThatItWent)
{
    wait(s_.create("/a"));
    watcher w{s_};
    wait(s_.get("/a", w));
    wait(s_.erase("/a"));
    EXPECT_EQ(next(w), (watch_event{type::erased, "/a"}));
}

TEST_P(watches, OfANodeThatIsNotThereTellsThatItCame)
{
    watcher w{s_};
    EXPECT_FALSE(wait(s_.exists("/a", w)));
    wait(s_.create("/a"));
    EXPECT_EQ(next(w), (watch_event{type::created, "/a"}));
}

TEST_P(watches, OfChildrenTellsOfChildrenOnly)
{
    wait(s_.create("/a"));
    watcher w{s_};
    wait(s_.children("/a", w));
    wait(s_.set("/a", "x"));
    EXPECT_TRUE(silent(w));
    wait(s_.create("/a/b"));
    EXPECT_EQ(next(w), (watch_event{type::children_changed, "/a"}));
}

TEST_P(watches, FireOnce)
{
    wait(s_.create("/a"));
    watcher w{s_};
    wait(s_.get("/a", w));
    wait(s_.set("/a", "1"));
    wait(s_.set("/a", "2"));
    EXPECT_EQ(next(w).type, type::changed);
    EXPECT_TRUE(silent(w));
}

TEST_P(watches, AGetThatFindsNothingLeavesNoWatch)
{
    ASSERT_TRUE(server_watches(0)) << "sessions of earlier tests have ended";
    watcher w{s_};
    EXPECT_EQ(failure_of(s_.get("/a", w)), errc::no_node);
    EXPECT_EQ(server_->watch_count(), 0U);
    wait(s_.create("/a"));
    EXPECT_TRUE(silent(w));
}

TEST_P(watches, OneWatcherTakesMany)
{
    watcher w{s_};
    for (const auto* path : {"/a", "/b", "/c"})
        wait(s_.exists(path, w));
    for (const auto* path : {"/b", "/c", "/a"})
        wait(s_.create(path));
    EXPECT_EQ(next(w).path, "/b");
    EXPECT_EQ(next(w).path, "/c");
    EXPECT_EQ(next(w).path, "/a");
}

TEST_P(watches, ManyWatchersAreToldOfOneChange)
{
    wait(s_.create("/a"));
    std::vector<watcher> all;
    for (int i = 0; i < 10; ++i)
        wait(s_.get("/a", all.emplace_back(s_)));
    wait(s_.set("/a", "x"));
    for (auto& w : all)
        EXPECT_EQ(next(w).type, type::changed);
}

TEST_P(watches, OfAPipelineReportToItsWatcher)
{
    wait(s_.create("/a"));
    watcher w{s_};
    pipeline p;
    p.add(op::get{"/a"}, w).add(op::children{"/a"}, w);
    for (const auto& answer : wait(s_.run(std::move(p))))
        EXPECT_TRUE(answer.ok());
    wait(s_.create("/a/b"));
    EXPECT_EQ(next(w).type, type::children_changed);
    pipeline unwatchable;
    unwatchable.add(op::erase{"/a/b"}, w);
    EXPECT_EQ(wait(s_.run(std::move(unwatchable)))[0].ec, errc::bad_argument);
    EXPECT_TRUE(wait(s_.exists("/a/b")));
}

TEST_P(watches, ThatAreForgottenLeaveNoneOnTheServer)
{
    wait(s_.create("/a"));
    ASSERT_TRUE(server_watches(0)) << "sessions of earlier tests have ended";
    {
        watcher w{s_};
        wait(s_.get("/a", w));
        wait(s_.children("/a", w));
        wait(s_.exists("/none", w));
        EXPECT_TRUE(server_watches(3));
    }
    EXPECT_TRUE(server_watches(0));
}

TEST_P(watches, AreKeptWhileSomebodyElseWatchesTheSamePath)
{
    wait(s_.create("/a"));
    watcher stays{s_};
    wait(s_.get("/a", stays));
    {
        watcher goes{s_};
        wait(s_.get("/a", goes));
    }
    wait(s_.set("/a", "x"));
    EXPECT_EQ(next(stays).type, type::changed);
}

/// Forgetting goes by path: it once took the watch along that another watcher had left just before.
TEST_P(watches, OfANewWatcherOutliveTheForgettingOfAnOldOne)
{
    wait(s_.create("/a"));
    async_runner other;
    for (int i = 0; i < 200; ++i) {
        auto old = std::make_optional<watcher>(s_);
        wait(s_.get("/a", *old));
        watcher fresh{s_};
        auto reading = other.spawn(s_.get("/a", fresh));
        old.reset();
        reading.get();
        wait(s_.set("/a", std::to_string(i)));
        ASSERT_EQ(next(fresh).type, type::changed) << "round " << i;
    }
}

/// libzookeeper refuses to forget what has just fired; that refusal once stopped the session.
TEST_P(watches, MayBeForgottenInTheInstantTheyFire)
{
    wait(s_.create("/a"));
    async_runner other;
    for (int i = 0; i < 200; ++i) {
        auto w = std::make_optional<watcher>(s_);
        wait(s_.get("/a", *w));
        auto writing = other.spawn(s_.set("/a", "x"));
        if (i % 2 == 0)
            std::this_thread::yield();
        w.reset();
        ASSERT_FALSE(failure_of(writing)) << "round " << i;
    }
    EXPECT_FALSE(failure_of(s_.get("/a", 5s)));
}

TEST_P(watches, ToForgetWhatNobodyWatchesDisturbsNobody)
{
    wait(s_.create("/a"));
    EXPECT_EQ(wait(s_.run(op::forget_watches{"/a"}, 5s)).ec, errc::no_node);
    EXPECT_FALSE(failure_of(s_.get("/a", 5s)));
}

TEST_P(watches, SurviveALostConnection)
{
    if (GetParam() == backend_kind::real)
        GTEST_SKIP() << "see tests/server";
    wait(s_.create("/a"));
    watcher w{s_};
    wait(s_.get("/a", w));
    auto& memory = dynamic_cast<memory_backend&>(*server_).server;
    memory.refuse_connections(true);
    memory.disconnect_all();
    ASSERT_TRUE(eventually([&] { return s_.state() == connection_state::suspended; }));
    memory.set("/a", "meanwhile");
    EXPECT_TRUE(silent(w)) << "a lost connection is no event";
    memory.refuse_connections(false);
    EXPECT_EQ(next(w), (watch_event{type::changed, "/a"}));
}

TEST_P(watches, DoNotSurviveTheirSession)
{
    wait(s_.create("/a"));
    watcher w{s_};
    wait(s_.get("/a", w));
    async_runner other;
    auto waiting = other.spawn(w.next());
    server_->expire(s_);
    EXPECT_EQ(failure_of(waiting), errc::session_expired);
    EXPECT_EQ(failure_of(w.next()), errc::session_expired);
}

TEST_P(watches, EndWithAClosedSession)
{
    watcher w{s_};
    wait(s_.exists("/a", w));
    async_runner other;
    auto waiting = other.spawn(w.next());
    wait(s_.close());
    EXPECT_EQ(failure_of(waiting), errc::session_closed);
    watcher late{s_};
    EXPECT_EQ(failure_of(late.next()), errc::session_closed);
}

TEST_P(watches, WaitingCanBeCancelledAndLosesNoEvent)
{
    wait(s_.create("/a"));
    watcher w{s_};
    wait(s_.get("/a", w));
    async_runner other;
    auto waiting = other.spawn(w.next());
    EXPECT_FALSE(waiting.done(20ms));
    waiting.cancel();
    EXPECT_TRUE(cancelled(failure_of(waiting)));
    wait(s_.set("/a", "x"));
    EXPECT_EQ(next(w).type, type::changed);
}

TEST_P(watches, TheDeadlineOfNextIsKept)
{
    watcher w{s_};
    wait(s_.exists("/a", w));
    EXPECT_FALSE(wait(w.next(0ms)));
    EXPECT_FALSE(wait(w.next(20ms)));
    wait(s_.create("/a"));
    EXPECT_TRUE(eventually([&] { return wait(w.next(0ms)).has_value(); }));
}

/// The end of one wait once took the wake-up of the next along.
TEST_P(watches, ShortWaitsOneAfterTheOtherMissNothing)
{
    wait(s_.create("/a"));
    boost::asio::thread_pool threads{2};
    std::atomic<bool> enough{false};
    auto waiting = co_spawn(threads, wait_for_events(s_, 100), boost::asio::use_future);
    auto polling = co_spawn(threads, poll_until(s_, 50), boost::asio::use_future);
    std::thread writer{[&] {
        while (!enough)
            failure_of(s_.set("/a", "x"));
    }};
    EXPECT_EQ(waiting.wait_for(20s), std::future_status::ready);
    EXPECT_EQ(polling.wait_for(20s), std::future_status::ready);
    enough = true;
    writer.join();
    wait(s_.close());
    threads.join();
}

TEST_P(watches, OutlivesItsSession)
{
    std::optional<watcher> w;
    {
        const auto s = open();
        w.emplace(s);
        wait(s.exists("/a", *w));
    }
    EXPECT_TRUE(session_over(failure_of(w->next(10s))));
}

// A client leaves its watches anew when it connects again: so what is forgotten around a lost connection has to be forgotten
// afterwards. These once stayed on a node that stays for as long as the session lived.
class forgotten_watches : public ::testing::Test {
protected:
    forgotten_watches()
    {
        session_options o;
        o.transport = broken_.transport();
        o.retry_delay_min = 1ms;
        s_.emplace(session::open(o));
        wait(s_->create("/a"));
    }
    void lose_the_connection() { server_.disconnect(s_->id()); }
    bool none_left()
    {
        wait(s_->sync("/a"));  // the client has left its watches anew before that
        return eventually([&] { return server_.watch_count() == 0; }, 3s);
    }

    testing::memory_server server_;
    testing::faults broken_{server_.transport()};
    std::optional<session> s_;
};

TEST_F(forgotten_watches, AreForgottenWhenThereIsAConnectionAgain)
{
    std::optional<watcher> w{*s_};
    wait(s_->get("/a", *w));
    server_.refuse_connections(true);
    lose_the_connection();
    ASSERT_TRUE(eventually([&] { return s_->state() != connection_state::connected; }));
    w.reset();
    server_.refuse_connections(false);
    EXPECT_TRUE(none_left());
}

TEST_F(forgotten_watches, AreForgottenAgainWhenTheFirstTimeWasLost)
{
    std::optional<watcher> w{*s_};
    wait(s_->get("/a", *w));
    broken_.arm(1, testing::fault::lost_before);
    w.reset();
    EXPECT_TRUE(none_left());
}

TEST_F(forgotten_watches, AreForgottenWhenTheOneThatFollowedWasNeverLeft)
{
    std::optional<watcher> first{*s_};
    std::optional<watcher> second{*s_};
    wait(s_->get("/a", *first));
    server_.pause();
    EXPECT_EQ(failure_of(s_->get("/a", *second, 20ms)), errc::deadline_exceeded);
    first.reset();  // the second is expected on the same path
    second.reset();
    lose_the_connection();
    server_.resume();
    EXPECT_TRUE(none_left());
}

INSTANTIATE_TEST_SUITE_P(on, watches, ::testing::Values(backend_kind::memory, backend_kind::real), name_of);

}  // namespace turnstile::test

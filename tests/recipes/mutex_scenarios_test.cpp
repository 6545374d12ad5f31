// The rare moments of the mutex, brought about on purpose. Numbers are those of the project's list of scenarios.
#include "support/async_runner.hpp"
#include "support/backend.hpp"
#include "support/error_of.hpp"
#include "support/eventually.hpp"

#include <turnstile/recipes/mutex.hpp>
#include <turnstile/testing/memory_server.hpp>
#include <turnstile/testing/proxy.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/process.hpp>

#include <atomic>
#include <functional>
#include <stop_token>
#include <thread>

#include <signal.h>

namespace turnstile::test {
namespace {

using namespace std::chrono_literals;
using ::testing::IsEmpty;

constexpr auto patience = 20s;
const std::string line = "/locks/order-42";

template <class T>
T wait(boost::asio::awaitable<T> what)
{
    return blocking::wait(std::move(what));
}

class mutex_scenario : public ::testing::Test {
protected:
    session open()
    {
        session_options o;
        o.transport = server_.transport();
        o.retry_delay_min = 1ms;
        return session::open(o);
    }
    std::vector<std::string> places() { return server_.exists(line) ? server_.children(line) : std::vector<std::string>{}; }
    bool depth(std::size_t n)
    {
        return eventually([&] { return places().size() == n; });
    }

    /// Does `what` when the n-th operation of this kind arrives, before it is executed.
    void on(const char* verb, int nth, std::function<void(std::int64_t session)> what)
    {
        server_.on_operation(
            [this, verb, nth, what, seen = std::make_shared<std::atomic<int>>(0)](std::int64_t s, const operation& o) {
                if (verb_of(o) == verb && path_of(o).starts_with(line) && ++*seen == nth)
                    what(s);
            });
    }

    testing::memory_server server_;
    async_runner run_;
};

TEST_F(mutex_scenario, APredecessorThatVanishesBetweenListAndWatchIsNoHang)  // 2
{
    const auto a = open();
    const auto b = open();
    auto first = wait(mutex{a, line}.acquire(patience));
    on("get", 1, [&](std::int64_t) { server_.erase(line + "/" + places().front()); });
    EXPECT_TRUE(wait(mutex{b, line}.acquire(patience)).held());
}

TEST_F(mutex_scenario, ASessionThatEndsBetweenCreateAndListIsNeverGrantedOnItsOldNode)  // 6
{
    const auto s = open();
    wait(wait(mutex{s, line}.acquire(patience)).release());
    const auto before = s.epoch();
    on("children", 1, [&](std::int64_t session) { server_.expire(session); });
    // Whether the answer to the create arrived decides: a place that was known is lost and its waiter is told so,
    // one in doubt was never made and is taken anew.
    try {
        const auto held = wait(mutex{s, line}.acquire(patience));
        EXPECT_TRUE(held.held());
        EXPECT_GT(held.epoch(), before);
        EXPECT_THAT(places(), ::testing::SizeIs(1));
        EXPECT_EQ(server_.stat(held.path()).ephemeral_owner, s.id());
    } catch (const boost::system::system_error& e) {
        EXPECT_TRUE(session_over(e.code())) << e.what();
        EXPECT_THAT(places(), ::testing::IsEmpty());
    }
}

TEST_F(mutex_scenario, ACreateWhoseReplyIsLostWithNoTimeLeftIsSwept)  // 1
{
    const auto s = open();
    wait(wait(mutex{s, line}.acquire(patience)).release());
    server_.hold_replies(true);
    EXPECT_EQ(error_of([&] { wait(mutex{s, line}.acquire(100ms)); }), errc::timed_out);
    EXPECT_THAT(places(), ::testing::SizeIs(1)) << "created, and nobody knows";
    server_.refuse_connections(true);
    server_.disconnect_all();
    server_.hold_replies(false);
    server_.refuse_connections(false);
    EXPECT_TRUE(depth(0));
    wait(s.swept(patience));
}

TEST_F(mutex_scenario, ADirectoryThatCannotBeMadeIsAnErrorAndNotAnEndlessLoop)
{
    const auto s = open();
    server_.create("/closed", "", create_mode::ephemeral);  // refuses children
    EXPECT_EQ(error_of([&] {
                  wait(mutex{s, "/closed/locks/order-42"}.acquire(patience));
              }),
              errc::no_children_for_ephemerals);
    wait(s.swept(patience));
}

TEST_F(mutex_scenario, ARootThatWasRemovedIsAnErrorAndNotAnEndlessLoop)
{
    session_options o;
    o.transport = server_.transport();
    o.root = "/app";
    const auto s = session::open(o);
    wait(s.exists("/"));
    server_.erase("/app");
    EXPECT_EQ(error_of([&] { wait(mutex{s, "/locks/order-42"}.acquire(patience)); }), errc::no_node);
}

TEST_F(mutex_scenario, CancellingWhileDisconnectedReturnsAtOnceAndTheNodeGoesLater)  // 15
{
    const auto a = open();
    const auto b = open();
    auto first = wait(mutex{a, line}.acquire(patience));
    auto second = run_.spawn(mutex{b, line}.acquire(patience));
    ASSERT_TRUE(depth(2));
    server_.refuse_connections(true);
    server_.disconnect(b.id());
    ASSERT_TRUE(eventually([&] { return b.state() != connection_state::connected; }));
    const auto start = std::chrono::steady_clock::now();
    second.cancel();
    EXPECT_TRUE(cancelled(error_of([&] { second.get(); })));
    EXPECT_LT(std::chrono::steady_clock::now() - start, 1s);
    EXPECT_EQ(error_of([&] { wait(mutex{b, line}.acquire(50ms)); }), errc::not_connected);
    server_.refuse_connections(false);
    EXPECT_TRUE(depth(1));
    EXPECT_TRUE(first.held());
}

TEST_F(mutex_scenario, NumbersNearTheEndOfTheCounterAreRefusedAndLeaveNothing)  // 18
{
    const auto s = open();
    server_.create(line);
    server_.set_sequence(line, std::numeric_limits<std::int32_t>::max() - (1 << 20) + 2);
    EXPECT_EQ(error_of([&] { wait(mutex{s, line}.acquire(patience)); }), errc::sequence_exhausted);
    EXPECT_EQ(error_of([&] { wait(mutex{s, line}.try_acquire()); }), errc::sequence_exhausted);
    wait(s.swept(patience));
    EXPECT_THAT(places(), IsEmpty());
    server_.erase(line);
    EXPECT_TRUE(wait(mutex{s, line}.acquire(patience)).held()) << "a new directory counts from 0";
}

TEST_F(mutex_scenario, WhenACallHasFailedTheDeleteOfItsNodeIsAheadOfWhateverTheCallerDoesNext)
{
    const auto s = open();
    wait(wait(mutex{s, line}.acquire(patience)).release());
    for (int i = 0; i < 500; ++i) {
        server_.set_sequence(line, 2'147'483'000);
        ASSERT_EQ(error_of([&] { wait(mutex{s, line}.acquire(patience)); }), errc::sequence_exhausted);
        ASSERT_THAT(wait(s.children(line)), IsEmpty()) << "after " << i;
    }
}

TEST_F(mutex_scenario, ADirectoryThatIsReapedWhileSomebodyEnqueuesIsMadeAgain)  // 26
{
    const auto s = open();
    wait(wait(mutex{s, line}.acquire(patience)).release());
    auto times = std::make_shared<std::atomic<int>>(0);
    server_.on_operation([this, times](std::int64_t, const operation& o) {
        const auto* c = std::get_if<op::create>(&o);
        if (c && is_sequential(c->mode) && server_.exists(line) && places().empty() && ++*times <= 3)
            server_.erase(line);
    });
    EXPECT_TRUE(wait(mutex{s, line}.acquire(patience)).held());
    EXPECT_EQ(*times, 4);
}

TEST_F(mutex_scenario, ALineOfTenThousandContendersWorks)  // 27
{
    const auto s = open();
    std::vector<std::string> others;
    for (int i = 0; i < 10'000; ++i)
        others.push_back(server_.create(line + "/x" + std::to_string(i) + "-lock-", "", create_mode::ephemeral_sequential));
    EXPECT_FALSE(wait(mutex{s, line}.try_acquire()));
    auto ours = run_.spawn(mutex{s, line}.acquire(60s));
    ASSERT_TRUE(depth(10'001));
    ASSERT_TRUE(eventually([&] { return server_.watch_count() == 2; }));
    for (const auto& path : others) {
        EXPECT_FALSE(ours.done());
        server_.erase(path);
    }
    EXPECT_TRUE(ours.get().held());
}

// ---- With a server, a network and processes -------------------------------------------------------------------------

session_options towards(const std::string& servers)
{
    session_options o{servers};
    o.session_timeout = 1s;
    o.retry_delay_min = 5ms;
    return o;
}

/// Not older than the call, whichever member answers.
std::vector<std::string> children_now(const session& s, const std::string& path)
{
    wait(s.sync(path));
    return wait(s.children(path));
}

TEST(mutex_on_a_network, ACreateWhoseReplyIsCutOffEndsAsExactlyOneNode)  // 1
{
    testing::proxy proxy{real_zookeeper().connect_string(0)};
    const auto s = session::open(towards(proxy.connect_string()));
    const auto direct = session::open(towards(real_zookeeper().connect_string()));
    mutex m{s, "/cut/reply"};
    wait(wait(m.acquire(patience)).release());
    for (int i = 0; i < 5; ++i) {
        proxy.cut_before_reply(testing::proxy_opcode::create2);
        auto held = wait(m.acquire(patience));
        EXPECT_TRUE(proxy.wait_for_cut(5s));
        EXPECT_TRUE(held.held());
        EXPECT_EQ(children_now(direct, "/cut/reply").size(), 1U);
        wait(held.release());
        proxy.cut_before_request(testing::proxy_opcode::create2);
        auto again = wait(m.acquire(patience));
        EXPECT_TRUE(proxy.wait_for_cut(5s));
        EXPECT_EQ(children_now(direct, "/cut/reply").size(), 1U);
        wait(again.release());
    }
}

TEST(mutex_on_a_network, ADeleteWhoseReplyIsCutOffIsRepeatedAndHarmsNobody)  // 20
{
    testing::proxy proxy{real_zookeeper().connect_string(0)};
    const auto s = session::open(towards(proxy.connect_string()));
    const auto direct = session::open(towards(real_zookeeper().connect_string()));
    mutex m{s, "/cut/release"};
    for (int i = 0; i < 5; ++i) {
        auto held = wait(m.acquire(patience));
        proxy.cut_before_reply(testing::proxy_opcode::erase);
        EXPECT_NO_THROW(wait(held.release(patience)));
        auto next = wait(mutex{direct, "/cut/release"}.try_acquire());
        ASSERT_TRUE(next);
        wait(s.swept(patience));
        EXPECT_TRUE(next->held()) << "the repeated delete hit a newer node";
        wait(next->release());
    }
}

/// Cuts the connection as soon as it is there, and changes the data of a node in between, for as long as it lives.
class flapping {
public:
    flapping(testing::proxy& link, const session& outsider, std::string stirred)
        : thread_{[&link, outsider, stirred = std::move(stirred)](const std::stop_token& enough) {
              while (!enough.stop_requested()) {
                  const auto seen = link.counters().connects;
                  link.cut();
                  wait(outsider.set(stirred, "stirred"));
                  eventually([&] { return enough.stop_requested() || link.counters().connects > seen; });
              }
          }}
    {
    }

private:
    std::jthread thread_;
};

TEST(mutex_on_a_network, AWaitEndsInTimeWhileTheLinkFlapsAndTheNodeAheadIsStirred)  // 10
{
    testing::proxy link{real_zookeeper().connect_string(0)};
    const auto holder = session::open(towards(real_zookeeper().connect_string()));
    const auto waiter = session::open(towards(link.connect_string()));
    wait(waiter.connected(patience));
    const auto held = wait(mutex{holder, "/flapping"}.acquire(patience));
    {
        const flapping trouble{link, holder, held.path()};
        for (int i = 0; i < 3; ++i) {
            const auto asked = std::chrono::steady_clock::now();
            const auto ended = error_of([&] { wait(mutex{waiter, "/flapping"}.acquire(500ms)); });
            EXPECT_TRUE(ended == errc::timed_out || ended == errc::not_connected || session_over(ended)) << ended;
            EXPECT_LT(std::chrono::steady_clock::now() - asked, 500ms + 1s);
        }
        EXPECT_GE(link.counters().connects, 3U) << "it did not flap";
    }
    wait(waiter.connected(patience));
    wait(waiter.swept(patience));
    EXPECT_EQ(children_now(holder, "/flapping").size(), 1U) << "the holder's, and nobody else's";
    EXPECT_TRUE(held.held());
}

TEST(mutex_on_a_network, APartitionedHolderKnowsBeforeTheNextOneIsGranted)  // 23
{
    testing::proxy proxy{real_zookeeper().connect_string(0)};
    const auto cut_off = session::open(towards(proxy.connect_string()));
    const auto direct = session::open(towards(real_zookeeper().connect_string()));
    async_runner run;
    for (int i = 0; i < 3; ++i) {
        auto first = wait(mutex{cut_off, "/partition"}.acquire(patience));
        auto second = run.spawn(mutex{direct, "/partition"}.acquire(patience));
        ASSERT_TRUE(eventually([&] { return children_now(direct, "/partition").size() == 2; }));
        proxy.stall();
        auto told = run.spawn([](lease& l) -> boost::asio::awaitable<boot_clock::time_point> {
            co_await l.lost();
            co_return boot_clock::now();
        }(first));
        const auto lost_at = told.get();
        EXPECT_FALSE(second.done()) << "granted before the holder knew";
        EXPECT_LT(lost_at, first.held_until() + 100ms);
        auto held = second.get();
        EXPECT_GE(boot_clock::now(), first.held_until());
        EXPECT_GT(held.token(), first.token());
        proxy.resume();
        wait(held.release());
        first.release_in_background();
        ASSERT_TRUE(eventually([&] { return children_now(direct, "/partition").empty(); }, 20s));
    }
}

TEST(mutex_on_a_network, AFrozenHolderThatWakesUpKnowsBeforeItWrites)  // 24
{
    namespace bp = boost::process;
    const auto direct = session::open(towards(real_zookeeper().connect_string()));
    bp::opstream ask;
    bp::ipstream answers;
    bp::child holder{FROZEN_HOLDER, real_zookeeper().connect_string(), "/frozen", bp::std_in<ask, bp::std_out> answers};
    std::string word;
    ASSERT_TRUE(std::getline(answers, word));
    ASSERT_EQ(word, "held");
    ask << "check" << std::endl;
    ASSERT_TRUE(std::getline(answers, word));
    EXPECT_EQ(word, "held");

    ::kill(holder.id(), SIGSTOP);
    auto next = wait(mutex{direct, "/frozen"}.acquire(patience));  // granted when the frozen one's session is over
    ask << "check" << std::endl;
    ::kill(holder.id(), SIGCONT);
    ASSERT_TRUE(std::getline(answers, word));
    EXPECT_EQ(word, "lost");
    EXPECT_TRUE(next.held());
    ask.pipe().close();
    holder.wait();
}

}  // namespace
}  // namespace turnstile::test

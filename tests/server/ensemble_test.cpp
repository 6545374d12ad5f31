// The kit's ensemble: elections, partitions, restarts, and what sessions and leases make of them.
#include <turnstile/blocking.hpp>
#include <turnstile/recipes/mutex.hpp>
#include <turnstile/session.hpp>
#include <turnstile/testing/ensemble.hpp>

#include <support/async_runner.hpp>
#include <support/eventually.hpp>

#include <gtest/gtest.h>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

namespace turnstile::testing {

namespace {

using namespace std::chrono_literals;
using blocking::wait;
using test::async_runner;
using test::eventually;

constexpr auto patience = 20s;

template <class T>
error_code failure_of(boost::asio::awaitable<T> what)
{
    try {
        static_cast<void>(wait(std::move(what)));
    } catch (const boost::system::system_error& e) {
        return e.code();
    }
    return {};
}

session connect(const std::string& servers, std::chrono::milliseconds timeout = 2s)
{
    session_options o{servers};
    o.session_timeout = timeout;
    o.retry_delay_min = 5ms;
    return session::open(o);
}

std::size_t a_follower(const ensemble& zk) { return (zk.wait_for_leader() + 1) % zk.size(); }

/// One ensemble for all tests, whole again after each.
class ensemble_of_three : public ::testing::Test {
protected:
    static void SetUpTestSuite()
    {
        ensemble_options options;
        options.member.extra_config = {"maxSessionTimeout=60000"};
        shared_ = std::make_unique<ensemble>(options);
    }
    static void TearDownTestSuite() { shared_.reset(); }
    void TearDown() override { zk_.repair(); }

    ensemble& zk_ = *shared_;

private:
    static std::unique_ptr<ensemble> shared_;
};

std::unique_ptr<ensemble> ensemble_of_three::shared_;

}  // namespace

TEST_F(ensemble_of_three, HasOneLeaderAndTwoFollowers)
{
    std::multiset<member_role> roles;
    for (std::size_t m = 0; m < zk_.size(); ++m)
        roles.insert(zk_.role(m));
    EXPECT_EQ(roles, (std::multiset<member_role>{member_role::leader, member_role::follower, member_role::follower}));
    EXPECT_EQ(zk_.role(zk_.leader().value()), member_role::leader);
    const auto first = zk_.connect_string(0);
    EXPECT_EQ(zk_.connect_string(), first + "," + zk_.connect_string_without(0));
    EXPECT_THROW(static_cast<void>(zk_.port(3)), std::out_of_range);
}

TEST_F(ensemble_of_three, ElectsAnotherLeaderAndKeepsTheDataWhenTheLeaderIsKilled)
{
    const auto s = connect(zk_.connect_string());
    wait(s.create("/kept", "data"));
    const auto old = zk_.kill_leader();
    const auto next = zk_.wait_for_leader();
    EXPECT_NE(next, old);
    EXPECT_EQ(wait(connect(zk_.connect_string(next)).get("/kept", patience)).data, "data");
    zk_.start(old);
    EXPECT_EQ(zk_.role(old), member_role::follower);
    wait(s.erase("/kept", any_version, patience));
}

TEST_F(ensemble_of_three, ChoosesAnotherLeaderWhenTheLeaderIsFrozenOrCutOff)
{
    for (const bool frozen : {true, false}) {
        const auto old = zk_.wait_for_leader();
        frozen ? zk_.pause(old) : zk_.isolate(old);
        EXPECT_NE(zk_.wait_for_leader(), old);
        zk_.repair();
        EXPECT_EQ(zk_.role(old), member_role::follower);
    }
}

TEST_F(ensemble_of_three, SaysWhatEachMemberDoesWhenNoQuorumComes)
{
    zk_.kill(0);
    zk_.pause(1);
    EXPECT_FALSE(zk_.leader() == 0U || zk_.leader() == 1U);
    try {
        zk_.wait_for_quorum(100ms);
        FAIL();
    } catch (const std::runtime_error& e) {
        const std::string what = e.what();
        EXPECT_NE(what.find("member 0 at " + zk_.connect_string(0) + " does not run"), what.npos) << what;
        EXPECT_NE(what.find("member 1 at " + zk_.connect_string(1) + " is paused"), what.npos) << what;
    }
}

TEST_F(ensemble_of_three, StartsAMemberWithoutWaitingWhenTooFewAreUpForAQuorum)
{
    zk_.kill_all();
    zk_.start(0);
    EXPECT_NE(zk_.pid(0), 0);
    EXPECT_EQ(zk_.role(0), member_role::none);
    zk_.start(1);
    EXPECT_NE(zk_.role(1), member_role::none);
    EXPECT_NO_THROW(zk_.wait_until_serving(0));
}

TEST_F(ensemble_of_three, KnowsTheServerOfASession)
{
    for (std::size_t m = 0; m < zk_.size(); ++m) {
        const auto s = connect(zk_.connect_string(m));
        wait(s.connected(patience));
        EXPECT_EQ(zk_.server_of(s.id()), m);
    }
    EXPECT_EQ(zk_.server_of(42), std::nullopt);
}

TEST_F(ensemble_of_three, ASessionMovesToAnotherServerWhenItsOwnIsKilled)
{
    // snippet: move
    const auto s = connect(zk_.connect_string());
    wait(s.create("/moved", "", create_mode::ephemeral));
    const auto before = s.epoch();
    const auto first = zk_.server_of(s.id());
    ASSERT_TRUE(first);
    zk_.kill(*first);
    EXPECT_TRUE(eventually([&] { return zk_.server_of(s.id()).value_or(*first) != *first; }));
    EXPECT_TRUE(wait(s.exists("/moved", patience)));
    // end of snippet
    EXPECT_EQ(s.epoch(), before);
}

TEST_F(ensemble_of_three, AFrozenMemberAnswersNothingAndGoesOnAfterwards)
{
    const auto follower = a_follower(zk_);
    const auto s = connect(zk_.connect_string(follower));
    wait(s.create("/frozen"));
    zk_.pause(follower);
    EXPECT_EQ(failure_of(s.get("/frozen", 100ms)), errc::deadline_exceeded);
    zk_.resume(follower);
    EXPECT_FALSE(failure_of(s.get("/frozen", patience)));
    wait(s.erase("/frozen", any_version, patience));
}

TEST_F(ensemble_of_three, AnIsolatedFollowerAnswersReadsAndAcknowledgesNoWrite)
{
    const auto follower = a_follower(zk_);
    const auto inside = connect(zk_.connect_string(follower));
    const auto outside = connect(zk_.connect_string_without(follower));
    wait(inside.create("/isolated", "old"));
    zk_.isolate(follower);
    wait(outside.set("/isolated", "new", any_version, patience));
    EXPECT_EQ(wait(inside.get("/isolated", 500ms)).data, "old");
    EXPECT_TRUE(in_doubt(failure_of(inside.set("/isolated", "nobody hears it", any_version, 500ms))));
    EXPECT_EQ(wait(outside.get("/isolated", patience)).data, "new");
    EXPECT_TRUE(eventually([&] { return zk_.role(follower) == member_role::none; })) << "it notices at last";
    zk_.heal(follower);
    zk_.wait_until_serving(follower);
    wait(outside.erase("/isolated", any_version, patience));
}

/// The case that makes "connected, and my node is there" worthless: see docs/semantics.md, G4.
TEST_F(ensemble_of_three, ALeaseOnAnIsolatedFollowerEndsBeforeTheOthersGrantTheNext)
{
    const auto follower = a_follower(zk_);
    const auto inside = connect(zk_.connect_string(follower), 1s);
    const auto outside = connect(zk_.connect_string_without(follower), 1s);
    async_runner run;
    auto first = wait(mutex{inside, "/isolated/lock"}.acquire(patience));
    auto second = run.spawn(mutex{outside, "/isolated/lock"}.acquire(patience));
    ASSERT_TRUE(eventually([&] {
        wait(outside.sync("/isolated/lock", patience));
        return wait(outside.children("/isolated/lock", patience)).size() == 2;
    }));
    zk_.isolate(follower);
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
    wait(held.release());
}

TEST_F(ensemble_of_three, AMemberThatLagsAnswersWithThePast)
{
    const auto follower = a_follower(zk_);
    const auto late = connect(zk_.connect_string(follower));
    const auto prompt = connect(zk_.connect_string(zk_.wait_for_leader()));
    wait(late.create("/lagging", "old"));
    zk_.delay(follower, 200ms);
    wait(prompt.set("/lagging", "new", any_version, patience));
    EXPECT_EQ(wait(late.get("/lagging", patience)).data, "old");
    wait(late.sync("/lagging", patience));
    EXPECT_EQ(wait(late.get("/lagging", patience)).data, "new");
    wait(prompt.erase("/lagging", any_version, patience));
}

TEST_F(ensemble_of_three, ASlowDiskMakesWritesSlowAndNotReads)
{
    const auto s = connect(zk_.connect_string());
    wait(s.create("/slow"));
    for (std::size_t m = 0; m < zk_.size(); ++m)
        zk_.delay_fsync(m, 150ms);
    const auto took = [](auto what) {
        const auto begin = std::chrono::steady_clock::now();
        wait(std::move(what));
        return std::chrono::steady_clock::now() - begin;
    };
    wait(s.set("/slow", "a", any_version, patience));
    EXPECT_GE(took(s.set("/slow", "b", any_version, patience)), 150ms);
    EXPECT_LT(took(s.get("/slow", patience)), 150ms);
    for (std::size_t m = 0; m < zk_.size(); ++m)
        zk_.delay_fsync(m, 0ms);
    wait(s.erase("/slow", any_version, patience));
}

/// As long as an election takes less than their timeouts do: on a loaded machine it may take seconds.
TEST_F(ensemble_of_three, ARollingRestartEndsNoSessionAndNoLease)
{
    const auto s = connect(zk_.connect_string(), 60s);
    auto held = wait(mutex{s, "/rolling"}.acquire(patience));
    const auto before = s.epoch();
    std::set<pid_t> pids;
    for (std::size_t m = 0; m < zk_.size(); ++m)
        pids.insert(zk_.pid(m));
    zk_.rolling_restart();
    for (std::size_t m = 0; m < zk_.size(); ++m)
        EXPECT_FALSE(pids.contains(zk_.pid(m)));
    EXPECT_EQ(s.epoch(), before);
    EXPECT_FALSE(failure_of(held.release(patience)));
}

TEST_F(ensemble_of_three, ForgetsAllWhenWiped)
{
    wait(connect(zk_.connect_string()).create("/gone"));
    EXPECT_THROW(zk_.wipe(0), std::logic_error);
    zk_.wipe_all();
    zk_.start_all();
    EXPECT_FALSE(wait(connect(zk_.connect_string()).exists("/gone", patience)));
}

TEST_F(ensemble_of_three, AWipedMemberGetsAllFromTheOthers)
{
    const auto follower = a_follower(zk_);
    const auto s = connect(zk_.connect_string_without(follower));
    wait(s.create("/copied", "data"));
    zk_.stop(follower);
    zk_.wipe(follower);
    zk_.start(follower);
    EXPECT_EQ(wait(connect(zk_.connect_string(follower)).get("/copied", patience)).data, "data");
    wait(s.erase("/copied", any_version, patience));
}

TEST_F(ensemble_of_three, SumsWhatItsMembersCount)
{
    const auto before = zk_.metric("zk_watch_count");
    const auto a = connect(zk_.connect_string(0));
    const auto b = connect(zk_.connect_string(1));
    watcher at_a{a};
    watcher at_b{b};
    wait(a.exists("/summed", at_a, patience));
    wait(b.exists("/summed", at_b, patience));
    EXPECT_EQ(zk_.metric("zk_watch_count"), before + 2);
    EXPECT_EQ(zk_.metric(0, "zk_watch_count") + zk_.metric(1, "zk_watch_count") + zk_.metric(2, "zk_watch_count"),
              before + 2);
}

TEST(ensemble, MayHaveAnyNumberOfMembers)
{
    ensemble_options five;
    five.size = 5;
    ensemble zk{five};
    zk.kill_leader();
    zk.wait_for_leader();
    zk.kill_leader();
    EXPECT_NO_THROW(zk.wait_for_quorum());
    zk.kill_leader();
    EXPECT_THROW(zk.wait_for_quorum(500ms), std::runtime_error);

    ensemble_options one;
    one.size = 1;
    EXPECT_EQ(ensemble{one}.leader(), 0U);

    ensemble_options none;
    none.size = 0;
    EXPECT_THROW(ensemble{none}, std::invalid_argument);
}

TEST(ensemble, ShowsWhyItDidNotStart)
{
    ensemble_options options;
    options.member.extra_config = {"tickTime=none"};
    try {
        const ensemble zk{options};
        FAIL() << "started";
    } catch (const std::runtime_error& e) {
        EXPECT_NE(std::string{e.what()}.find("NumberFormatException"), std::string::npos) << e.what();
    }
}

TEST(ensemble, IsInertInAFork)
{
    auto zk = std::make_unique<ensemble>();
    const pid_t child = ::fork();
    if (child == 0) {
        ::alarm(10);
        zk.reset();
        ::_exit(0);
    }
    int status = -1;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
    zk->kill_leader();
    EXPECT_NO_THROW(zk->wait_for_quorum()) << "and its network works on";
}

TEST(ensemble, EndsItsServersWithItself)
{
    std::vector<pid_t> pids;
    {
        const ensemble zk;
        for (std::size_t m = 0; m < zk.size(); ++m)
            pids.push_back(zk.pid(m));
    }
    for (const auto pid : pids)
        EXPECT_EQ(::kill(pid, 0), -1);
}

}  // namespace turnstile::testing

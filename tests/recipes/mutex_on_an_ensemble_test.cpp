// The mutex while servers are killed, frozen, cut off from each other, restarted and wiped, one or all of them.
#include "ensemble_room.hpp"
#include "support/error_of.hpp"

#include <turnstile/recipes/mutex.hpp>
#include <turnstile/result.hpp>
#include <turnstile/testing/ensemble.hpp>
#include <turnstile/testing/proxy.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <memory>
#include <optional>

namespace turnstile::test {
namespace {

using namespace std::chrono_literals;
using blocking::wait;

constexpr auto patience = 30s;

boost::asio::awaitable<boot_clock::time_point> time_of_loss(lease& l)
{
    co_await l.lost();
    co_return boot_clock::now();
}

// ---- All servers

class mutex_and_restarts : public recipe_and_restarts {};

TEST_P(mutex_and_restarts, RecoversWhenAllServersAreRestarted)  // 25
{
    const std::string line = "/locks/order-42";
    const auto a = open();
    const auto b = open();
    async_runner run;
    auto first = wait(mutex{a, line}.acquire(patience));
    auto second = run.spawn(mutex{b, line}.acquire(60s));
    ASSERT_TRUE(eventually([&] { return children_now(b, line).size() == 2; }));
    stop_all();
    zk_.start_all();
    // Whoever held and whoever waited gets a clear answer, and everybody gets the lock again.
    // (The holder's session may have survived: then its lease is good until it is released.)
    first.release_in_background();
    const auto ended = error_of([&] {
        auto held = second.get();
        wait(held.release());
    });
    EXPECT_TRUE(!ended || session_over(ended) || ended == errc::lost) << ended.message();
    auto again = wait(mutex{a, line}.acquire(60s));
    EXPECT_TRUE(again.held());
    wait(again.release());
    EXPECT_TRUE(wait(mutex{b, line}.try_acquire_for(20s)));
}

INSTANTIATE_TEST_SUITE_P(data, mutex_and_restarts, ::testing::Combine(::testing::Bool(), ::testing::Bool()),
                         name_of_restart);

// ---- One server of several

class mutex_on_an_ensemble : public ::testing::Test {
protected:
    void TearDown() override { zk_.repair(); }

    session open(std::chrono::milliseconds timeout = 2s) const { return towards(zk_.connect_string(), timeout); }

    zookeeper_under_test& zk_ = real_ensemble();
    async_runner run_;
};

TEST_F(mutex_on_an_ensemble, KeepsItsOrderOverTheDeathOfTheLeader)
{
    const auto a = open();
    const auto b = open();
    auto first = wait(mutex{a, "/leader/dies"}.acquire(patience));
    auto second = run_.spawn(mutex{b, "/leader/dies"}.acquire(patience));
    ASSERT_TRUE(eventually([&] { return children_now(a, "/leader/dies").size() == 2; }));
    const auto old = zk_.wait_for_leader();
    zk_.kill(old);
    zk_.wait_for_leader_after(old);
    // A new leader gives every session its full time again; whether a *lease* outlives the election is up to its duration.
    EXPECT_FALSE(second.done());
    const auto released = error_of([&] { wait(first.release(patience)); });
    EXPECT_TRUE(!released || released == errc::lost || released == errc::not_held) << released.message();
    auto held = second.get();
    EXPECT_GT(held.token(), first.token());
    wait(held.release());
}

TEST_F(mutex_on_an_ensemble, GivesTheLockOnWhileEachMemberInTurnIsFrozen)
{
    for (std::size_t member = 0; member < zk_.size(); ++member) {
        zk_.pause(member);
        const auto s = towards(zk_.connect_string_without(member), 2s);
        auto held = wait(mutex{s, "/frozen/member"}.acquire(patience));
        wait(held.release(patience));
        zk_.resume(member);
    }
}

TEST_F(mutex_on_an_ensemble, AHolderOnAServerThatIsCutOffKnowsBeforeTheNextOneIsGranted)  // 23
{
    const auto member = (zk_.wait_for_leader() + 1) % zk_.size();
    const auto inside = towards(zk_.connect_string(member), 1s);
    const auto outside = towards(zk_.connect_string_without(member), 1s);
    auto first = wait(mutex{inside, "/cut/off"}.acquire(patience));
    auto second = run_.spawn(mutex{outside, "/cut/off"}.acquire(patience));
    ASSERT_TRUE(eventually([&] { return children_now(outside, "/cut/off").size() == 2; }));
    zk_.isolate(member);
    auto told = run_.spawn(time_of_loss(first));
    const auto lost_at = told.get();
    EXPECT_FALSE(second.done()) << "granted before the holder knew";
    EXPECT_LT(lost_at, first.held_until() + 100ms);
    auto held = second.get();
    EXPECT_GE(boot_clock::now(), first.held_until());
    EXPECT_GT(held.token(), first.token());
    wait(held.release(patience));
    zk_.heal(member);
    EXPECT_TRUE(eventually([&] { return zk_.serves(member); }, 60s));
    EXPECT_TRUE(wait(mutex{inside, "/cut/off"}.try_acquire_for(patience))) << "and is served again when the network is back";
}

TEST_F(mutex_on_an_ensemble, IsHandedOnWhileTheServersAreRestartedOneAfterTheOther)
{
    const std::array<session, 4> sessions{open(), open(), open(), open()};
    std::atomic<bool> over{false};
    std::atomic<int> inside{0};
    std::atomic<int> grants{0};
    std::atomic<fencing_token> newest{0};
    const auto contend = [&](session s) -> boost::asio::awaitable<void> {
        mutex m{s, "/rolling"};
        while (!over) {
            auto got = co_await as_result(m.acquire(patience));
            if (!got || !got->held())
                continue;  // its session was over: the next try is in a new one
            EXPECT_EQ(++inside, 1);
            EXPECT_GT(got->token(), newest.exchange(got->token()));
            ++grants;
            --inside;
            co_await as_result(got->release(patience));
        }
    };
    std::vector<running<void>> contenders;
    contenders.reserve(sessions.size());
    for (const auto& s : sessions)
        contenders.push_back(run_.spawn(contend(s)));
    for (std::size_t member = 0; member < zk_.size(); ++member) {
        const int before = grants;
        zk_.kill(member);
        EXPECT_TRUE(eventually([&] { return grants > before + 5; }, 60s)) << "without member " << member;
        zk_.start(member);
        EXPECT_TRUE(eventually([&] { return zk_.serves(member); }, 60s));
    }
    over = true;
    for (auto& c : contenders)
        c.get();
    const auto fresh = open();
    EXPECT_TRUE(eventually([&] { return children_now(fresh, "/rolling").empty(); }, patience)) << "nothing is left";
}

// ---- The create whose answer is lost, when the connection comes back on *another* server

/// A session that reaches two members of a local ensemble, each through a proxy: one first, the other when that refuses.
class mutex_that_moves : public ::testing::Test {
protected:
    void SetUp() override
    {
        if (zk_ == nullptr)
            GTEST_SKIP() << "servers in containers: see local_ensemble()";
        member_[0] = (zk_->wait_for_leader() + 1) % zk_->size();
        member_[1] = (zk_->wait_for_leader() + 2) % zk_->size();
        for (const std::size_t i : {0U, 1U})
            net_.at(i) = std::make_unique<testing::proxy>(zk_->connect_string(member_.at(i)));
        net_[1]->refuse();
        moving_.emplace(towards(net_[0]->connect_string() + "," + net_[1]->connect_string(), 2s));
        wait(moving_->connected(patience));
        wait(wait(mutex{*moving_, line_}.acquire(patience)).release(patience));
        net_[1]->accept();
    }
    void TearDown() override
    {
        if (zk_ != nullptr)
            zk_->repair();
    }

    /// Begins an acquire, and takes its server away between the create and its answer.
    running<lease> acquire_and_move()
    {
        const auto creates = [this] { return net_[0]->counters().requests_by_opcode[testing::proxy_opcode::create2]; };
        const auto before = creates();
        auto acquiring = run_.spawn(mutex{*moving_, line_}.acquire(patience));
        EXPECT_TRUE(eventually([&] { return creates() > before; }));
        net_[0]->refuse();
        return acquiring;
    }
    session at(std::size_t i) const { return towards(zk_->connect_string(member_.at(i)), 2s); }
    void ends_as_one_node(running<lease> acquiring)
    {
        auto held = acquiring.get();
        EXPECT_TRUE(held.held());
        EXPECT_EQ(zk_->server_of(moving_->id()), member_[1]);
        // What the first server had under way is behind its sync.
        EXPECT_EQ(children_now(at(0), line_).size(), 1U);
        wait(held.release(patience));
        EXPECT_EQ(children_now(at(0), line_).size(), 0U);
    }

    const std::string line_ = "/moving/line";
    testing::ensemble* const zk_ = local_ensemble();
    std::array<std::size_t, 2> member_{};
    std::array<std::unique_ptr<testing::proxy>, 2> net_;
    std::optional<session> moving_;
    async_runner run_;
};

/// The create is under way on slow disks when the new server is asked: its list, not behind a sync, would not have it.
TEST_F(mutex_that_moves, FindsACreateThatIsCommittedAfterItHasMoved)
{
    const auto witness = at(1);
    wait(witness.connected(patience));
    for (std::size_t m = 0; m < zk_->size(); ++m)
        zk_->delay_fsync(m, 300ms);
    auto acquiring = acquire_and_move();
    EXPECT_TRUE(eventually([&] { return zk_->server_of(moving_->id()) == member_[1]; }));
    EXPECT_EQ(wait(witness.children(line_, patience)).size(), 0U) << "not committed yet, or the test shows nothing";
    ends_as_one_node(std::move(acquiring));
}

/// The create is still on its way from the old server to the leader when the session has moved: the leader refuses it then.
TEST_F(mutex_that_moves, StandsOnceThoughItsFirstCreateReachesTheLeaderLate)
{
    zk_->delay(member_[0], 300ms);
    ends_as_one_node(acquire_and_move());
}

}  // namespace
}  // namespace turnstile::test

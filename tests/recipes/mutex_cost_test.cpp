// What the mutex costs, counted at the seam: operations, round trips, lists, clients woken. Never a time.
#include "cost_room.hpp"

#include <turnstile/recipes/mutex.hpp>

#include <algorithm>

namespace turnstile::test {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

class mutex_cost : public cost_room {};

TEST_F(mutex_cost, AWarmAcquireIsTwoPipelinedOperationsInOneRoundTrip)
{
    const auto s = open();
    mutex m{s, "/locks/a"};
    wait(wait(m.acquire()).release());
    seam_.reset_counts();
    const auto held = wait(m.acquire());
    EXPECT_THAT(verbs(), ElementsAre("create", "children"));
    EXPECT_EQ(seam_.round_trips(), 1U);
}

TEST_F(mutex_cost, AColdAcquireIsTwoRoundTripsWhateverTheDepth)
{
    const auto s = open();
    seam_.reset_counts();
    const auto held = wait(mutex{s, "/a/b/c/d/e/f"}.acquire());
    EXPECT_EQ(seam_.round_trips(), 2U);
    EXPECT_EQ(seam_.count("children"), 2U);
}

TEST_F(mutex_cost, AReleaseIsOneOperationAndNobodyWaitsForIt)
{
    const auto s = open();
    mutex m{s, "/locks/a"};
    auto held = wait(m.acquire());
    seam_.reset_counts();
    server_.pause();
    held.release_in_background();  // returns although the server is frozen
    server_.resume();
    wait(s.swept(10s));
    EXPECT_THAT(verbs(), ElementsAre("erase"));
}

TEST_F(mutex_cost, ARefusedTryIsOneReadAndNoWrite)
{
    const auto a = open();
    const auto b = open();
    const auto held = wait(mutex{a, "/locks/a"}.acquire());
    seam_.reset_counts();
    EXPECT_FALSE(wait(mutex{b, "/locks/a"}.try_acquire()));
    EXPECT_EQ(seam_.writes(), 0U);
    EXPECT_EQ(seam_.reads(), 1U);
    EXPECT_EQ(seam_.round_trips(), 1U);
}

TEST_F(mutex_cost, AHandOverAsksNothingWhenThePredecessorHeld)
{
    const auto a = open();
    const auto b = open();
    auto first = wait(mutex{a, "/locks/a"}.acquire());
    auto second = run_.spawn(mutex{b, "/locks/a"}.acquire());
    ASSERT_TRUE(eventually([&] { return server_.watch_count() == 1; }));
    seam_.reset_counts();
    wait(first.release());
    const auto held = second.get();
    EXPECT_THAT(verbs(), ElementsAre("erase")) << "the grant itself took no operation";
}

TEST_F(mutex_cost, FortyContendersListTwiceEachAndADeletionWakesTwoAtMost)
{
    constexpr std::size_t local = 20;   // in one session
    constexpr std::size_t remote = 20;  // in sessions of their own
    const auto shared = open();
    std::vector<session> own;
    std::vector<running<lease>> waiting;
    auto holder = wait(mutex{shared, "/locks/a"}.acquire());
    seam_.reset_counts();
    for (std::size_t i = 0; i < local + remote; ++i) {
        if (i % 2 == 0)
            own.push_back(open());
        waiting.push_back(run_.spawn(mutex{i % 2 == 0 ? own.back() : shared, "/locks/a"}.acquire()));
        ASSERT_TRUE(eventually([&] { return server_.children("/locks/a").size() == i + 2; }));
    }
    // Each has left its two watches (the first in the line: one) before the holder goes.
    ASSERT_TRUE(eventually([&] { return server_.watch_count() == 2 * (local + remote) - 1; }));

    // Two watches on each node, and none is added any more: so each deletion wakes two clients at most.
    std::vector<fencing_token> tokens{holder.token()};
    auto watches = server_.watch_count();
    wait(holder.release());
    for (auto& w : waiting) {
        auto held = w.get();
        tokens.push_back(held.token());
        EXPECT_LT(server_.watch_count(), watches);
        watches = server_.watch_count();
        wait(held.release());
    }
    EXPECT_TRUE(std::is_sorted(tokens.begin(), tokens.end()));
    EXPECT_LE(seam_.count("children"), 2 * (local + remote)) << "at most two lists per acquisition";
}

/// A line whose waiters come one by one, and stand before the next one comes.
class mutex_line : public mutex_cost {
protected:
    void comes(const session& s)
    {
        const auto watches = server_.watch_count();
        waiting_.push_back(run_.spawn(mutex{s, "/locks/a"}.acquire()));
        ASSERT_TRUE(eventually([&] { return server_.watch_count() > watches; }));
    }

    /// Each has its turn, in order.
    void dissolves()
    {
        std::vector<fencing_token> tokens;
        for (auto& w : waiting_) {
            auto held = w.get();
            tokens.push_back(held.token());
            wait(held.release());
        }
        EXPECT_TRUE(std::is_sorted(tokens.begin(), tokens.end()));
    }

    std::vector<running<lease>> waiting_;
};

TEST_F(mutex_line, WaitersOfOneSessionAreNotToldWhatOthersOfThemKnow)
{
    const auto s = open();
    auto holder = wait(mutex{s, "/locks/a"}.acquire());
    seam_.reset_counts();
    for (int i = 0; i < 40; ++i)
        comes(s);
    EXPECT_EQ(seam_.count("children"), 7U) << "until so many wait that they keep a book, and it has proven complete";

    seam_.reset_counts();
    wait(holder.release());
    dissolves();
    EXPECT_EQ(seam_.count("children"), 0U);
}

TEST_F(mutex_line, WhoComesBehindAWaiterOfAnotherSessionIsToldTheLine)
{
    const auto ours = open();
    const auto other = open();
    auto holder = wait(mutex{ours, "/locks/a"}.acquire());
    for (int i = 0; i < 12; ++i)
        comes(ours);
    seam_.reset_counts();
    comes(ours);
    EXPECT_EQ(seam_.count("children"), 0U);
    comes(other);
    seam_.reset_counts();
    comes(ours);
    EXPECT_EQ(seam_.count("children"), 1U);
    wait(holder.release());
    dissolves();
}

TEST_F(mutex_cost, AHeldLockCostsOneSmallWriteInAQuarterOfTheTimeout)
{
    const auto s = open();
    auto held = wait(mutex{s, "/locks/a"}.acquire());
    auto also = wait(mutex{s, "/locks/b"}.acquire());
    seam_.reset_counts();
    const auto first = held.held_until();
    ASSERT_TRUE(eventually([&] { return held.held_until() > first + s.timeout() / 2; }, s.timeout()));
    // The member node with what is above it, then one set a quarter; and one look after each lease's own node.
    EXPECT_LE(seam_.count("set"), 3U);
    EXPECT_EQ(seam_.count("get"), 2U);
}

}  // namespace
}  // namespace turnstile::test

// One place in the line for all callers of a process: who gets the lock, for how long it stays, and what ends that.
#include "cost_room.hpp"
#include "recipe_room.hpp"

#include <turnstile/recipes/cohort_mutex.hpp>
#include <turnstile/recipes/lockable.hpp>
#include <turnstile/recipes/mutex.hpp>

#include <atomic>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace turnstile::test {
namespace {

using namespace std::chrono_literals;

const std::string path = "/locks/order-42";

class cohort_mutex_on : public recipe_on {
protected:
    /// A wait in the cohort's queue, once it is there.
    running<lease> queue(cohort_mutex m, acquire_options how = patience)
    {
        const auto before = m.queued();
        auto r = run_.spawn(m.acquire(std::move(how)));
        EXPECT_TRUE(eventually([&] { return m.queued() == before + 1; }));
        return r;
    }

    /// The order in which callers were served.
    void note(const std::string& who)
    {
        const std::lock_guard lock{mutex_};
        served_.push_back(who);
    }
    std::vector<std::string> served()
    {
        const std::lock_guard lock{mutex_};
        return served_;
    }

    static boost::asio::awaitable<void> take_and_note(cohort_mutex m, cohort_mutex_on* test, std::string who)
    {
        auto held = co_await m.acquire(patience);
        test->note(who);
        held.release_in_background();
    }
    static boost::asio::awaitable<void> take_and_note(turnstile::mutex m, cohort_mutex_on* test, std::string who)
    {
        auto held = co_await m.acquire(patience);
        test->note(who);
        held.release_in_background();
    }

    std::mutex mutex_;
    std::vector<std::string> served_;
};

TEST_P(cohort_mutex_on, AFreeLockIsGrantedAndReleasedLeavesNothing)
{
    const cohort us{open()};
    cohort_mutex m{us, path};
    {
        const auto held = wait(m.acquire(patience));
        EXPECT_TRUE(held.held());
        EXPECT_GT(held.token(), 0);
        expect_depth(path, 1);
    }
    expect_depth(path, 0);
    EXPECT_EQ(us.kept(), 0U);
}

TEST_P(cohort_mutex_on, ManyCallersHaveOneContenderAndAreNeverTwoInside)
{
    const cohort us{open(), cohort_options{.hand_overs = 1000}};
    std::atomic<int> inside{0};
    std::atomic<int> most{0};
    auto turn = [&]() -> boost::asio::awaitable<void> {
        auto held = co_await cohort_mutex{us, path}.acquire(patience);
        most = std::max<int>(most, ++inside);
        held.check();
        --inside;
        auto given_back = held.release();
        co_await std::move(given_back);
    };
    std::vector<running<void>> callers;
    {
        const auto held = wait(cohort_mutex{us, path}.acquire(patience));
        for (int i = 0; i < 500; ++i)
            callers.push_back(run_.spawn(turn()));
        EXPECT_EQ(zk_->depth(path), 1U);
    }
    for (auto& c : callers)
        c.get();
    EXPECT_EQ(most, 1);
    expect_depth(path, 0);
}

TEST_P(cohort_mutex_on, CallersAreServedInTheOrderTheyCameAndShareTheToken)
{
    const cohort us{open()};
    cohort_mutex m{us, path};
    auto first = wait(m.acquire(patience));
    const auto token = first.token();
    auto second = queue(m);
    auto third = queue(m);
    first.release_in_background();
    auto held = second.get();
    EXPECT_EQ(held.token(), token);
    EXPECT_FALSE(third.done(50ms));
    wait(held.release());
    EXPECT_EQ(third.get().token(), token);
    expect_depth(path, 0);
}

TEST_P(cohort_mutex_on, AfterSoManyHandOversSomebodyElseHasItsTurn)
{
    const cohort us{open(), cohort_options{.hand_overs = 2}};
    const auto other = open();
    auto first = wait(cohort_mutex{us, path}.acquire(patience));
    std::vector<running<void>> all;
    for (int i = 1; i <= 4; ++i)
        all.push_back(run_.spawn(take_and_note(cohort_mutex{us, path}, this, "us " + std::to_string(i))));
    EXPECT_TRUE(eventually([&] { return cohort_mutex(us, path).queued() == 4; }));
    all.push_back(run_.spawn(take_and_note(turnstile::mutex{other, path}, this, "other")));
    expect_depth(path, 2);
    first.release_in_background();
    for (auto& a : all)
        a.get();
    EXPECT_THAT(served(), ::testing::ElementsAre("us 1", "us 2", "other", "us 3", "us 4"));
}

TEST_P(cohort_mutex_on, WithoutHandOversEachCallerStandsInLine)
{
    const cohort us{open(), cohort_options{.hand_overs = 0}};
    cohort_mutex m{us, path};
    auto first = wait(m.acquire(patience));
    const auto token = first.token();
    auto second = queue(m);
    first.release_in_background();
    EXPECT_GT(second.get().token(), token);
}

TEST_P(cohort_mutex_on, AKeptLockIsHereAtOnceAndGoesWhenSomebodyElseComes)
{
    const cohort us{open(), cohort_options{.keep = 10}};
    cohort_mutex m{us, path};
    const auto token = wait(m.acquire(patience)).token();
    EXPECT_EQ(us.kept(), 1U);
    EXPECT_EQ(wait(m.acquire(patience)).token(), token);
    expect_depth(path, 1);
    const auto others = wait(turnstile::mutex{open(), path}.acquire(patience));
    EXPECT_GT(others.token(), token);
    EXPECT_EQ(us.kept(), 0U);
}

TEST_P(cohort_mutex_on, ALockInUseIsNotKeptWhenSomebodyElseWaits)
{
    const cohort us{open(), cohort_options{.keep = 10}};
    auto held = wait(cohort_mutex{us, path}.acquire(patience));
    auto other = run_.spawn(turnstile::mutex{open(), path}.acquire(patience));
    expect_depth(path, 2);
    EXPECT_FALSE(other.done(50ms));
    held.release_in_background();
    EXPECT_TRUE(other.get().held());
}

TEST_P(cohort_mutex_on, NoMoreAreKeptThanIsSaidAndTheLongestIdleGoesFirst)
{
    const cohort us{open(), cohort_options{.keep = 2}};
    for (const auto* key : {"/locks/a", "/locks/b", "/locks/a", "/locks/c"})
        static_cast<void>(wait(cohort_mutex{us, key}.acquire(patience)));
    EXPECT_EQ(us.kept(), 2U);
    expect_depth("/locks/b", 0);
    expect_depth("/locks/a", 1);
    expect_depth("/locks/c", 1);
}

TEST_P(cohort_mutex_on, WhatIsKeptIsGivenUpWhenAskedForAndWhenTheCohortEnds)
{
    const auto s = open();
    {
        cohort us{s, cohort_options{.keep = 2}};
        static_cast<void>(wait(cohort_mutex{us, path}.acquire(patience)));
        us.give_up_kept();
        EXPECT_EQ(us.kept(), 0U);
        expect_depth(path, 0);
        static_cast<void>(wait(cohort_mutex{us, path}.acquire(patience)));
        expect_depth(path, 1);
    }
    expect_depth(path, 0);
}

TEST_P(cohort_mutex_on, ALockThatComesBackAfterTheCohortEndedIsGivenUp)
{
    const auto s = open();
    lease held;
    {
        const cohort us{s, cohort_options{.keep = 2}};
        held = wait(cohort_mutex{us, path}.acquire(patience));
    }
    EXPECT_TRUE(held.held());
    held = lease{};
    expect_depth(path, 0);
}

TEST_P(cohort_mutex_on, AKeptLockThatWasLostIsAskedForAnew)
{
    const auto s = open();
    const cohort us{s, cohort_options{.keep = 1}};
    const auto token = wait(cohort_mutex{us, path}.acquire(patience)).token();
    zk_->expire(s);
    EXPECT_TRUE(eventually([&] { return us.kept() == 0; }));
    const auto held = wait(cohort_mutex{us, path}.acquire(patience));
    EXPECT_TRUE(held.held());
    EXPECT_GT(held.token(), token);
}

TEST_P(cohort_mutex_on, WhoWaitsDoesNotWaitForAHolderThatHasLost)
{
    const auto s = open();
    const cohort us{s};
    cohort_mutex m{us, path};
    auto held = wait(m.acquire(patience));
    auto next = queue(m);
    zk_->expire(s);
    auto now = next.get();  // although `held` has not been given back
    EXPECT_EQ(held.state(), lease_state::lost);
    EXPECT_GT(now.token(), held.token());
    EXPECT_EQ(error_of([&] { wait(held.release()); }), errc::lost);
    EXPECT_TRUE(now.held());
    wait(now.release());
    expect_depth(path, 0);
}

TEST_P(cohort_mutex_on, TheLastToLeaveTheQueueTakesTheContenderWithIt)
{
    const auto others = wait(turnstile::mutex{open(), path}.acquire(patience));
    const cohort us{open()};
    cohort_mutex m{us, path};
    auto one = queue(m, 200ms);
    auto two = queue(m);
    expect_depth(path, 2);
    EXPECT_EQ(error_of([&] { one.get(); }), errc::timed_out);
    EXPECT_EQ(zk_->depth(path), 2U);
    two.cancel();
    EXPECT_EQ(error_of([&] { two.get(); }), boost::asio::error::operation_aborted);
    expect_depth(path, 1);
}

TEST_P(cohort_mutex_on, WhoComesWhileTheContenderIsBeingWithdrawnIsServed)
{
    auto others = wait(turnstile::mutex{open(), path}.acquire(patience));
    const cohort us{open()};
    cohort_mutex m{us, path};
    for (int i = 0; i < 20; ++i) {
        auto leaves = queue(m);
        expect_depth(path, 2);
        leaves.cancel();
        auto comes = run_.spawn(m.acquire(patience));
        EXPECT_EQ(error_of([&] { leaves.get(); }), boost::asio::error::operation_aborted);
        others.release_in_background();
        EXPECT_TRUE(comes.get().held());
        expect_depth(path, 0);
        others = wait(turnstile::mutex{open(), path}.acquire(patience));
    }
}

TEST_P(cohort_mutex_on, ATryIsRefusedInsideTheProcessAndOutsideOfIt)
{
    const cohort us{open()};
    cohort_mutex m{us, path};
    auto held = wait(m.try_acquire());
    ASSERT_TRUE(held);
    EXPECT_FALSE(wait(m.try_acquire()));
    EXPECT_FALSE(wait(m.try_acquire_for(0s)));
    EXPECT_FALSE(wait(m.try_acquire_for(50ms)));
    held.reset();
    expect_depth(path, 0);
    const auto others = wait(turnstile::mutex{open(), path}.acquire(patience));
    EXPECT_FALSE(wait(m.try_acquire()));
    EXPECT_FALSE(wait(m.try_acquire_for(50ms)));
    expect_depth(path, 1);
}

TEST_P(cohort_mutex_on, WhoComesDuringATryWaitsForWhatItGets)
{
    const cohort us{open()};
    cohort_mutex m{us, path};
    auto tries = run_.spawn(m.try_acquire());
    auto waits = run_.spawn(m.acquire(patience));
    auto first = tries.get();
    if (first)  // otherwise the waiter was the first to come
        first->release_in_background();
    EXPECT_TRUE(waits.get().held());
}

TEST_P(cohort_mutex_on, AnOwnerWhoAsksTwiceIsToldAndMayAskAgainAfterwards)
{
    const cohort us{open()};
    cohort_mutex m{us, path};
    acquire_options how{patience};
    how.owner = owner_id::unique();
    auto held = wait(m.acquire(how));
    EXPECT_EQ(error_of([&] { wait(m.acquire(how)); }), errc::would_deadlock);
    auto next = queue(m);
    held.release_in_background();
    auto theirs = next.get();
    auto again = queue(m, how);  // the turn of the process is still the same
    theirs.release_in_background();
    EXPECT_TRUE(again.get().held());
}

TEST_P(cohort_mutex_on, WhatOneCallerWaitedForEndsWithItsRelease)
{
    const auto s = open();
    const cohort us{s};
    cohort_mutex m{us, path};
    auto first = wait(m.acquire(patience));
    const auto stop_of_first = first.stop_token();
    auto loss_of_first = run_.spawn(first.lost());
    auto next = queue(m);
    first.release_in_background();
    EXPECT_EQ(error_of([&] { loss_of_first.get(); }), boost::asio::error::operation_aborted);
    EXPECT_EQ(error_of([&] { first.check(); }), errc::not_held);
    auto second = next.get();
    const auto stop_of_second = second.stop_token();
    auto loss_of_second = run_.spawn(second.lost());
    zk_->expire(s);
    loss_of_second.get();
    EXPECT_TRUE(eventually([&] { return stop_of_second.stop_requested(); }));
    EXPECT_FALSE(stop_of_first.stop_requested());
}

TEST_P(cohort_mutex_on, ClosingTheSessionEndsEveryWait)
{
    const auto s = open();
    const cohort us{s};
    cohort_mutex m{us, path};
    const auto held = wait(m.acquire(patience));
    auto one = queue(m);
    auto two = queue(m);
    wait(s.close());
    EXPECT_TRUE(session_over(error_of([&] { one.get(); })));
    EXPECT_TRUE(session_over(error_of([&] { two.get(); })));
}

TEST_P(cohort_mutex_on, ThreadsUseItAsAStandardMutex)
{
    const cohort us{open(), cohort_options{.hand_overs = 100, .keep = 1}};
    blocking::lockable guarded{cohort_mutex{us, path}};
    int counted = 0;
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&] {
            for (int i = 0; i < 50; ++i) {
                const std::lock_guard turn{guarded};
                ++counted;
            }
        });
    threads.clear();
    EXPECT_EQ(counted, 200);
}

TEST_P(cohort_mutex_on, BadInputIsRefusedBeforeAnythingIsSent)
{
    const cohort us{open()};
    EXPECT_EQ(error_of([&] { cohort_mutex(us, "locks"); }), errc::bad_path);
    acquire_options how;
    how.purpose = std::string(201, 'x');
    EXPECT_EQ(error_of([&] { wait(cohort_mutex{us, path}.acquire(how)); }), errc::bad_argument);
    EXPECT_EQ(error_of([&] { wait(cohort_mutex{us, path}.try_acquire(how)); }), errc::bad_argument);
}

INSTANTIATE_TEST_SUITE_P(memory, cohort_mutex_on, ::testing::Values(backend_kind::memory));
INSTANTIATE_TEST_SUITE_P(real, cohort_mutex_on, ::testing::Values(backend_kind::real));

// ---- What it costs: counted at the seam
// -----------------------------------------------------------------------------------

class cohort_mutex_cost : public cost_room {};

TEST_F(cohort_mutex_cost, ATurnOfTheProcessIsOneCreateAndOneDeleteHoweverManyCallersItServes)
{
    const cohort us{open()};
    cohort_mutex m{us, path};
    wait(wait(m.acquire(10s)).release());
    EXPECT_TRUE(eventually([&] { return server_.children(path).empty(); }));
    seam_.reset_counts();
    auto held = wait(m.acquire(10s));
    std::vector<running<lease>> others;
    for (int i = 0; i < 10; ++i)
        others.push_back(run_.spawn(m.acquire(10s)));
    EXPECT_TRUE(eventually([&] { return m.queued() == 10; }));
    held.release_in_background();
    for (auto& o : others)
        o.get().release_in_background();
    EXPECT_TRUE(eventually([&] { return server_.children(path).empty(); }));
    EXPECT_THAT(verbs(), ::testing::ElementsAre("create", "children", "erase"));
}

TEST_F(cohort_mutex_cost, AKeptLockCostsNothing)
{
    const cohort us{open(), cohort_options{.keep = 1}};
    cohort_mutex m{us, path};
    static_cast<void>(wait(m.acquire(10s)));
    EXPECT_TRUE(eventually([&] { return server_.watch_count() == 1; }));
    seam_.reset_counts();
    for (int i = 0; i < 10; ++i) {
        static_cast<void>(wait(m.acquire(10s)));
        EXPECT_TRUE(wait(m.try_acquire()));
    }
    EXPECT_THAT(verbs(), ::testing::IsEmpty());
}

TEST_F(cohort_mutex_cost, ARefusalInsideTheProcessCostsNothing)
{
    const cohort us{open()};
    cohort_mutex m{us, path};
    const auto held = wait(m.acquire(10s));
    seam_.reset_counts();
    EXPECT_FALSE(wait(m.try_acquire()));
    EXPECT_THAT(verbs(), ::testing::IsEmpty());
}

}  // namespace
}  // namespace turnstile::test

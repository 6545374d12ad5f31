// Permits never exceed the maximum, whoever fits is let in by order, and the maximum belongs to the path. Scenario 29.
#include "recipe_room.hpp"

#include <turnstile/recipes/semaphore.hpp>

#include <random>
#include <thread>

namespace turnstile::test {
namespace {

using namespace std::chrono_literals;

class semaphore_on : public recipe_on {
protected:
    semaphore of(const session& s, std::uint32_t maximum = 3) { return semaphore{s, line_, maximum}; }
    running<lease> ask(const session& s, std::uint32_t n, std::uint32_t maximum = 3)
    {
        const auto depth = zk_->depth(line_);
        auto r = run_.spawn(of(s, maximum).acquire(permits{n}, patience));
        expect_depth(line_, depth + 1);
        return r;
    }

    const std::string line_ = "/limits/psp";
};

TEST_P(semaphore_on, AsManyAsTheMaximumComeInAndNoMore)
{
    const auto s = open();
    auto one = wait(of(s).acquire(patience));
    const auto two = wait(of(s).acquire(patience));
    const auto three = wait(of(open()).acquire(patience));
    EXPECT_FALSE(wait(of(s).try_acquire()));
    auto fourth = ask(s, 1);
    EXPECT_FALSE(fourth.done(20ms));
    wait(one.release());
    EXPECT_TRUE(fourth.get().held());
}

TEST_P(semaphore_on, ReleasingAnyPermitLetsTheNextIn)
{
    for (std::size_t leaver = 0; leaver < 3; ++leaver) {
        const auto s = open();
        std::vector<lease> holders;
        for (int i = 0; i < 3; ++i)
            holders.push_back(wait(of(s).acquire(patience)));
        auto next = ask(open(), 1);
        auto last = ask(s, 1);
        wait(holders[leaver].release());
        auto granted = next.get();
        EXPECT_FALSE(last.done(10ms));
        wait(holders[(leaver + 1) % 3].release());
        auto also = last.get();
        wait(granted.release());
        wait(also.release());
        wait(holders[(leaver + 2) % 3].release());
        expect_depth(line_, 0);
    }
}

TEST_P(semaphore_on, AHeavyRequestIsNotOvertakenByLightOnes)
{
    const auto s = open();
    auto one = wait(of(s).acquire(permits{2}, patience));
    auto heavy = ask(s, 3);
    auto light = ask(s, 1);
    EXPECT_FALSE(light.done(20ms)) << "there is one permit left, but somebody waits for three";
    EXPECT_FALSE(wait(of(s).try_acquire()));
    wait(one.release());
    auto granted = heavy.get();
    EXPECT_FALSE(light.done(10ms));
    wait(granted.release());
    EXPECT_TRUE(light.get().held());
}

TEST_P(semaphore_on, AnotherMaximumIsRefusedAndLeavesNothing)
{
    const auto s = open();
    const auto held = wait(of(s, 3).acquire(patience));
    EXPECT_EQ(error_of([&] { wait(of(s, 4).acquire(patience)); }), errc::maximum_mismatch);
    EXPECT_EQ(error_of([&] { wait(of(s, 2).try_acquire()); }), errc::maximum_mismatch);
    wait(s.swept(patience));
    expect_depth(line_, 1);
    EXPECT_TRUE(wait(semaphore{s, line_}.try_acquire())) << "who names none takes what there is";
    EXPECT_EQ(wait(semaphore{s, line_}.maximum()), 3U);
}

TEST_P(semaphore_on, NobodyHasSetAMaximum)
{
    const auto s = open();
    semaphore unset{s, line_};
    EXPECT_EQ(error_of([&] { wait(unset.acquire(patience)); }), errc::maximum_mismatch);
    EXPECT_EQ(error_of([&] { wait(unset.maximum()); }), errc::maximum_mismatch);
    wait(unset.set_maximum(2));
    EXPECT_TRUE(wait(unset.acquire(patience)).held());
}

TEST_P(semaphore_on, ALargerMaximumLetsWaitersIn)
{
    const auto s = open();
    const auto held = wait(of(s, 1).acquire(patience));
    auto second = ask(s, 1, 1);
    auto third = ask(open(), 1, 1);
    auto fourth = ask(s, 1, 1);
    EXPECT_FALSE(second.done(20ms));
    wait(of(s, 1).set_maximum(3));
    const auto two = second.get();
    const auto three = third.get();
    EXPECT_TRUE(two.held() && three.held());
    EXPECT_FALSE(fourth.done(20ms));
    EXPECT_EQ(error_of([&] { wait(of(s, 1).try_acquire()); }), errc::maximum_mismatch);
}

TEST_P(semaphore_on, ASmallerMaximumTakesNothingAwayAndLetsNobodyIn)
{
    const auto s = open();
    auto one = wait(of(s, 2).acquire(patience));
    auto two = wait(of(s, 2).acquire(patience));
    auto third = ask(s, 1, 2);
    auto both = ask(s, 2, 2);
    wait(semaphore{s, line_}.set_maximum(1));
    EXPECT_EQ(error_of([&] { both.get(); }), errc::maximum_mismatch) << "two will never fit";
    EXPECT_TRUE(one.held() && two.held());
    wait(one.release());
    EXPECT_FALSE(third.done(20ms));
    wait(two.release());
    EXPECT_TRUE(third.get().held());
}

TEST_P(semaphore_on, TheMaximumOutlivesItsUse)
{
    {
        const auto s = open();
        wait(wait(of(s, 5).acquire(patience)).release());
        wait(s.close());
    }
    EXPECT_EQ(wait(semaphore{open(), line_}.maximum()), 5U);
}

TEST_P(semaphore_on, WhatCanNeverWorkIsRefusedBeforeAnythingIsSent)
{
    const auto s = open();
    EXPECT_EQ(error_of([&] { of(s, 0); }), errc::bad_argument);
    EXPECT_EQ(error_of([&] { of(s, semaphore::maximum_max + 1); }), errc::bad_argument);
    EXPECT_EQ(error_of([&] { wait(of(s, 3).acquire(permits{4}, patience)); }), errc::bad_argument);
    EXPECT_EQ(error_of([&] { wait(of(s, 3).acquire(permits{0}, patience)); }), errc::bad_argument);
    EXPECT_EQ(error_of([&] { wait(of(s, 3).set_maximum(0)); }), errc::bad_argument);
    EXPECT_EQ(zk_->depth("/limits"), 0U);
}

TEST_P(semaphore_on, TheLineTellsWeights)
{
    const auto s = open();
    const auto held = wait(of(s).acquire(permits{2}, patience));
    auto waiting = ask(s, 3);
    const auto view = wait(of(s).line());
    ASSERT_EQ(view.size(), 2U);
    EXPECT_EQ(view[0].weight, 2U);
    EXPECT_EQ(view[1].weight, 3U);
    EXPECT_EQ(view[1].access, access::permits);
}

TEST_P(semaphore_on, APermitWhoseNodeIsDeletedOrWhoseSessionEndsIsFree)
{
    const auto a = open();
    const auto b = open();
    const auto one = wait(of(a, 2).acquire(patience));
    const auto two = wait(of(b, 2).acquire(patience));
    auto third = ask(open(), 1, 2);
    auto fourth = ask(open(), 1, 2);
    zk_->erase(two.path());
    auto granted = third.get();
    EXPECT_FALSE(fourth.done(10ms));
    zk_->expire(a);
    EXPECT_TRUE(fourth.get().held());
}

TEST_P(semaphore_on, InACrowdPermitsNeverExceedTheMaximum)
{
    constexpr std::uint32_t maximum = 5;
    std::vector<session> sessions{open(), open(), open()};
    std::atomic<std::uint32_t> out = 0;
    std::atomic<std::uint32_t> most = 0;
    const auto work = [&](unsigned number) {
        std::minstd_rand random{number + 1};
        for (int i = 0; i < 10; ++i) {
            const auto weight = static_cast<std::uint32_t>(1 + random() % maximum);
            auto held = wait(of(sessions[number % 3], maximum).acquire(permits{weight}, patience));
            const auto now = out += weight;
            for (auto m = most.load(); m < now && !most.compare_exchange_weak(m, now);) {}
            out -= weight;
            wait(held.release());
        }
    };
    std::vector<std::thread> all;
    for (unsigned n = 0; n < 6; ++n)
        all.emplace_back(work, n);
    for (auto& t : all)
        t.join();
    EXPECT_LE(most, maximum);
    expect_depth(line_, 0);
}

INSTANTIATE_TEST_SUITE_P(recipes, semaphore_on, ::testing::Values(backend_kind::memory, backend_kind::real), name_of);

}  // namespace
}  // namespace turnstile::test

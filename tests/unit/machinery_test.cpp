// What the core runs on: type-erased functions, alarms, one-time answers.
#include "backstage.hpp"
#include "once.hpp"
#include "sdk_thread.hpp"
#include "unique_function.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace turnstile::inline v0::detail {

namespace {

using namespace std::chrono_literals;

}  // namespace

TEST(unique_function, CallsWhatItHolds)
{
    unique_function<int(int)> f = [](int x) { return x + 1; };
    EXPECT_EQ(f(1), 2);
    EXPECT_TRUE(f);
}

TEST(unique_function, IsEmptyAtFirstAndWhenMovedFrom)
{
    unique_function<void()> f;
    EXPECT_FALSE(f);
    EXPECT_FALSE(unique_function<void()>{nullptr});
    f = [] {};
    const auto g = std::move(f);
    EXPECT_FALSE(f);  // NOLINT(bugprone-use-after-move)
    EXPECT_TRUE(g);
}

TEST(unique_function, DestroysWhatItHoldsOnceSmallOrLarge)
{
    const auto count = std::make_shared<int>(0);
    const std::array<char, 200> ballast{};
    {
        unique_function<long()> small = [count] { return count.use_count(); };
        unique_function<long()> large = [count, ballast] { return count.use_count() + ballast[0]; };
        EXPECT_EQ(count.use_count(), 3);
        auto moved = std::move(small);
        auto moved_too = std::move(large);
        EXPECT_EQ(count.use_count(), 3);
        EXPECT_EQ(moved(), 3);
        EXPECT_EQ(moved_too(), 3);
        moved = std::move(moved_too);
        EXPECT_EQ(count.use_count(), 2);
        moved.reset();
        EXPECT_EQ(count.use_count(), 1);
    }
    EXPECT_EQ(count.use_count(), 1);
}

TEST(unique_function, TakesAndReturnsWhatCanOnlyBeMoved)
{
    unique_function<std::unique_ptr<int>(std::unique_ptr<int>)> f = [extra =
                                                                         std::make_unique<int>(1)](std::unique_ptr<int> p) {
        *p += *extra;
        return p;
    };
    EXPECT_EQ(*f(std::make_unique<int>(41)), 42);
}

TEST(backstage, RunsOnAThreadOfTheSdk)
{
    std::promise<bool> told;
    backstage::get().post([&] { told.set_value(on_sdk_thread()); });
    EXPECT_TRUE(told.get_future().get());
    EXPECT_FALSE(on_sdk_thread());
}

TEST(backstage, RingsAlarmsInTheirOrder)
{
    const auto now = backstage::clock::now();
    std::promise<void> last;
    std::vector<int> rung;  // by one thread
    backstage::get().at(now + 30ms, [&] {
        rung.push_back(3);
        last.set_value();
    });
    backstage::get().at(now + 10ms, [&] { rung.push_back(1); });
    backstage::get().at(now + 20ms, [&] { rung.push_back(2); });
    backstage::get().at(now - 1h, [&] { rung.push_back(0); });
    last.get_future().wait();
    EXPECT_EQ(rung, (std::vector{0, 1, 2, 3}));
    EXPECT_GE(backstage::clock::now(), now + 30ms);
}

TEST(backstage, OfTheSameTimeInTheOrderInWhichTheyWereSet)
{
    const auto when = backstage::clock::now() + 20ms;
    std::promise<void> last;
    std::vector<int> rung;
    for (int i = 0; i < 10; ++i)
        backstage::get().at(when, [&, i] {
            rung.push_back(i);
            if (i == 9)
                last.set_value();
        });
    last.get_future().wait();
    EXPECT_EQ(rung, (std::vector{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
}

TEST(backstage, ACancelledAlarmStaysSilent)
{
    const auto now = backstage::clock::now();
    std::atomic<bool> rang{false};
    const auto held = std::make_shared<int>(0);
    const auto alarm = backstage::get().at(now + 10ms, [&rang, held] { rang = true; });
    EXPECT_TRUE(backstage::get().cancel(alarm));
    EXPECT_EQ(held.use_count(), 1) << "what it held goes at once";
    EXPECT_FALSE(backstage::get().cancel(alarm));
    std::promise<void> later;
    backstage::get().at(now + 20ms, [&] { later.set_value(); });
    later.get_future().wait();
    EXPECT_FALSE(rang);
}

TEST(backstage, AnAlarmThatHasRungCannotBeCancelled)
{
    std::promise<void> rang;
    const auto alarm = backstage::get().at(backstage::clock::now(), [&] { rang.set_value(); });
    rang.get_future().wait();
    EXPECT_FALSE(backstage::get().cancel(alarm));
}

TEST(once, TheFirstAnswerWins)
{
    std::vector<int> told;
    once<int> o{[&](int v) { told.push_back(v); }};
    EXPECT_TRUE(o.complete(1));
    EXPECT_FALSE(o.complete(2));
    EXPECT_EQ(told, std::vector{1});
}

TEST(once, OneOfManyThreadsWins)
{
    for (int round = 0; round < 50; ++round) {
        std::atomic<int> told{0};
        std::atomic<int> won{0};
        once<int> o{[&](int) { ++told; }};
        std::vector<std::thread> threads;
        for (int i = 0; i < 4; ++i)
            threads.emplace_back([&, i] { won += o.complete(i) ? 1 : 0; });
        for (auto& t : threads)
            t.join();
        EXPECT_EQ(told, 1);
        EXPECT_EQ(won, 1);
    }
}

TEST(once, AnAnswerTakesItsAlarmAlong)
{
    const auto held = std::make_shared<int>(0);
    once<int> o{[](int) {}};
    o.alarm_at(backstage::clock::now() + 1h, [held] {});
    EXPECT_EQ(held.use_count(), 2);
    o.complete(1);
    EXPECT_EQ(held.use_count(), 1);
    o.alarm_at(backstage::clock::now() + 1h, [held] {});
    EXPECT_EQ(held.use_count(), 1) << "no alarm for what is over";
}

}  // namespace turnstile::inline v0::detail

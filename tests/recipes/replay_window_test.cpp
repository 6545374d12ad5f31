// Numbers that come twice, late, out of order, in a new epoch, to several receivers.
#include "recipe_room.hpp"

#include "recipes/detail/window_record.hpp"

#include <turnstile/recipes/message_gate.hpp>
#include <turnstile/recipes/replay_window.hpp>

#include <optional>
#include <random>
#include <set>
#include <vector>

namespace turnstile::test {
namespace {

using namespace std::chrono_literals;
using ::testing::Each;
using ::testing::ElementsAre;

// ---- The record

TEST(window_record, TakesEachNumberOnceInAnyOrder)
{
    detail::window_record w{64, 2};
    EXPECT_EQ(w.accept(1, 5), replay::fresh);
    EXPECT_EQ(w.accept(1, 3), replay::fresh);
    EXPECT_EQ(w.accept(1, 5), replay::duplicate);
    EXPECT_EQ(w.accept(1, 3), replay::duplicate);
    EXPECT_EQ(w.accept(1, 68), replay::fresh);
    EXPECT_EQ(w.accept(1, 5), replay::duplicate) << "63 below the highest";
    EXPECT_EQ(w.accept(1, 4), replay::too_old);
    EXPECT_EQ(w.accept(1, 1'000'000), replay::fresh);
    EXPECT_EQ(w.accept(1, 68), replay::too_old);
    EXPECT_EQ(w.accept(1, 999'999), replay::fresh);
}

TEST(window_record, RemembersTheLastEpochs)
{
    detail::window_record w{64, 2};
    EXPECT_EQ(w.accept(3, 1), replay::fresh);
    EXPECT_EQ(w.accept(2, 1), replay::fresh) << "sent before a restart, and late";
    EXPECT_EQ(w.accept(1, 1), replay::too_old) << "two are remembered";
    EXPECT_EQ(w.accept(4, 1), replay::fresh);
    EXPECT_EQ(w.accept(3, 1), replay::duplicate);
    EXPECT_EQ(w.accept(2, 1), replay::too_old);
    EXPECT_EQ(w.accept(2, 9), replay::too_old);
}

TEST(window_record, WhatIsGivenBackIsFreshAgain)
{
    detail::window_record w{64, 2};
    w.accept(1, 1);
    w.accept(1, 2);
    w.give_back(1, 1);
    w.give_back(1, 99);
    w.give_back(7, 1);
    EXPECT_EQ(w.accept(1, 2), replay::duplicate);
    EXPECT_EQ(w.accept(1, 1), replay::fresh);
}

TEST(window_record, ReadsWhatItWrites)
{
    std::mt19937 dice{11};
    for (const std::uint32_t size : {64U, 65U, 1'024U}) {
        detail::window_record w{size, 3};
        for (int i = 0; i < 500; ++i)
            w.accept(1 + dice() % 4, 1 + dice() % 3'000);
        detail::window_record copy{size, 3};
        copy.read(w.to_text("7.1"));
        EXPECT_EQ(copy, w);
        EXPECT_EQ(detail::mark_of_window(w.to_text("7.1")), "7.1");
        EXPECT_LT(w.to_text("").size(), 3 * (size / 4 + 32)) << "constant, and small";
    }
    detail::window_record empty{64, 3};
    for (const auto* nonsense : {"", "hello", "turnstile 1\nepoch\n", "turnstile 1\nepoch x y z\n"}) {
        detail::window_record w{64, 3};
        w.accept(1, 1);
        w.read(nonsense);
        EXPECT_EQ(w, empty) << nonsense;
    }
}

/// Beside a memory of everything.
TEST(window_record, NeverTakesANumberTwiceAndNeverRefusesOneThatIsNewAndNear)
{
    std::mt19937 dice{7};
    for (int world = 0; world < 50; ++world) {
        detail::window_record w{128, 2};
        std::set<std::uint64_t> taken;
        std::uint64_t highest = 0;
        for (int i = 0; i < 2'000; ++i) {
            const auto reach = dice() % 20 == 0 ? 400U : 40U;
            const auto from = highest > reach / 2 ? highest - reach / 2 : 0;
            const auto n = from + 1 + dice() % reach;
            const auto answer = w.accept(1, n);
            if (answer == replay::fresh) {
                EXPECT_TRUE(taken.insert(n).second) << n << " was taken twice";
            } else if (answer == replay::duplicate) {
                EXPECT_TRUE(taken.contains(n));
            } else {
                EXPECT_GE(highest, n + 128);
            }
            highest = std::max(highest, n);
        }
    }
}

// ---- On a server

class replay_window_on : public recipe_on {
protected:
    static replay_window open_window(const session& s) { return wait(replay_window::open(s, "payments-in")); }
    static replay accept(const replay_window& w, std::uint64_t n, std::uint32_t epoch = 1)
    {
        return wait(w.accept({"shop-3", epoch, n}, patience));
    }

    session s_ = open();
};

TEST_P(replay_window_on, TakesANumberOnceAmongAllReceivers)
{
    const auto here = open_window(s_);
    const auto there = open_window(open());
    EXPECT_EQ(accept(here, 1), replay::fresh);
    EXPECT_EQ(accept(there, 1), replay::duplicate);
    EXPECT_EQ(accept(there, 2), replay::fresh);
    EXPECT_EQ(accept(here, 2), replay::duplicate) << "another has written since";
    EXPECT_EQ(accept(here, 3), replay::fresh);
    EXPECT_EQ(accept(here, 5'000), replay::fresh);
    EXPECT_EQ(accept(there, 4), replay::too_old);
    EXPECT_EQ(zk_->children("/turnstile/windows/payments-in").size(), 1U);
}

TEST_P(replay_window_on, ManyAtOnceFromSeveralReceiversAreTakenOnceEach)
{
    std::vector<replay_window> receivers;
    for (int i = 0; i < 3; ++i)
        receivers.push_back(open_window(open()));
    std::vector<running<replay>> asking;
    for (std::uint64_t n = 1; n <= 40; ++n)
        for (const auto& r : receivers)
            asking.push_back(run_.spawn(r.accept({"shop-3", 1, n}, patience)));
    int fresh = 0;
    for (auto& a : asking)
        fresh += a.get() == replay::fresh ? 1 : 0;
    EXPECT_EQ(fresh, 40);
}

TEST_P(replay_window_on, AGateOfTheSameNameIsAnotherThing)
{
    EXPECT_NO_THROW(wait(message_gate::open(s_, "payments-in")));
    EXPECT_NO_THROW(open_window(s_));
    EXPECT_NO_THROW(wait(message_gate::open(s_, "payments-in")));
}

TEST_P(replay_window_on, ABatchIsAnsweredInItsOrder)
{
    const auto w = open_window(s_);
    EXPECT_EQ(accept(w, 2), replay::fresh);
    const std::vector<sequence> batch{{"shop-3", 1, 1}, {"shop-3", 1, 2}, {"shop-4", 1, 2}, {"shop-3", 1, 1}};
    EXPECT_THAT(wait(w.accept_many(batch, patience)),
                ElementsAre(replay::fresh, replay::duplicate, replay::fresh, replay::duplicate));
    EXPECT_TRUE(wait(w.accept_many({})).empty());
}

TEST_P(replay_window_on, ANumberThatNobodyWaitedForIsFreshAgain)
{
    const auto w = open_window(s_);
    EXPECT_EQ(accept(w, 1), replay::fresh);
    zk_->pause();
    EXPECT_EQ(error_of([&] { wait(w.accept({"shop-3", 1, 2}, 50ms)); }), errc::timed_out);
    auto cancelled = run_.spawn(w.accept({"shop-3", 1, 3}, patience));
    EXPECT_FALSE(cancelled.done(20ms));
    cancelled.cancel();
    EXPECT_EQ(error_of([&] { cancelled.get(); }), boost::asio::error::operation_aborted);
    zk_->resume();
    const auto elsewhere = open_window(open());
    for (const std::uint64_t n : {2U, 3U})
        EXPECT_TRUE(eventually([&] { return accept(elsewhere, n) == replay::fresh; })) << n;
}

TEST_P(replay_window_on, ASourceBeginsAnEpochAndNumbersFromOne)
{
    auto first = wait(sequence_source::open(s_, "shop-3"));
    EXPECT_EQ(first.next(), (sequence{"shop-3", 1, 1}));
    EXPECT_EQ(first.next(), (sequence{"shop-3", 1, 2}));
    auto second = wait(sequence_source::open(open(), "shop-3"));
    EXPECT_EQ(second.next(), (sequence{"shop-3", 2, 1}));
    std::vector<running<sequence_source>> opening;
    for (int i = 0; i < 5; ++i)
        opening.push_back(run_.spawn(sequence_source::open(open(), "shop-3")));
    std::set<std::uint32_t> epochs;
    for (auto& o : opening)
        epochs.insert(o.get().epoch());
    EXPECT_EQ(epochs.size(), 5U) << "no two have the same";

    const auto w = open_window(s_);
    EXPECT_EQ(wait(w.accept(second.next())), replay::fresh);
    EXPECT_EQ(wait(w.accept(first.next())), replay::fresh) << "one that was sent before the restart";
}

INSTANTIATE_TEST_SUITE_P(memory, replay_window_on, ::testing::Values(backend_kind::memory), name_of);
INSTANTIATE_TEST_SUITE_P(real, replay_window_on, ::testing::Values(backend_kind::real), name_of);

TEST(replay_window, RefusesWhatCannotWorkBeforeAnythingIsSent)
{
    memory_backend zk;
    const auto s = session::open(zk.options());
    const auto w = blocking::wait(replay_window::open(s, "in"));
    const auto before = zk.server.last_zxid();
    for (const auto& bad : {sequence{"", 1, 1}, sequence{"..", 1, 1}, sequence{"shop", 0, 1}, sequence{"shop", 1, 0}})
        EXPECT_EQ(error_of([&] { blocking::wait(w.accept(bad)); }), errc::bad_argument);
    EXPECT_EQ(error_of([&] { blocking::wait(sequence_source::open(s, "")); }), errc::bad_argument);
    for (const std::uint32_t bad : {0U, 63U, 8'193U}) {
        replay_options o;
        o.window = bad;
        EXPECT_EQ(error_of([&] { blocking::wait(replay_window::open(s, "in", o)); }), errc::bad_argument);
    }
    EXPECT_EQ(zk.server.last_zxid(), before);
}

}  // namespace
}  // namespace turnstile::test

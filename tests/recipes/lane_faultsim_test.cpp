// Every fault at every operation of a lane's verbs: each call ends once and honestly, one turn at a time, what was declared
// is told to the next unless the turn has ended well, and nothing is left behind.
#include "faultsim_room.hpp"
#include "lane_room.hpp"

#include <atomic>
#include <optional>
#include <variant>

namespace turnstile::test {
namespace {

using namespace std::chrono_literals;
using boost::asio::awaitable;

class lane_faultsim : public faultsim_room {
protected:
    static lane_options two_waiters() { return few_shards(2); }

    static lane open_lane(const session& s) { return test::open_lane(s, two_waiters()); }

    /// Registered, so that the faults meet what comes after.
    static lane open_calmly(testing::faults& f, const session& s)
    {
        const auto calm = f.calmly();
        return open_lane(s);
    }

    static turn expect_turn(std::variant<turn, refusal> entered)
    {
        EXPECT_TRUE(std::holds_alternative<turn>(entered)) << to_string(std::get<refusal>(entered).why);
        return std::get<turn>(std::move(entered));
    }

    static turn enter(const lane& l, const turn_keys& keys) { return expect_turn(wait(l.enter(keys, {"edit", patience}))); }

    /// Its session has ended, and the lease hears of it as well.
    static bool was_lost(turn& t)
    {
        return eventually([&] { return !t.holding().held(); });
    }

    /// Places and intents of a resource.
    static std::size_t nodes_of(testing::memory_server& server, const resource_key& k)
    {
        std::size_t all = 0;
        const auto kind = "/turnstile/lanes/" + k.kind();
        for (const auto& shard : server.exists(kind) ? server.children(kind) : std::vector<std::string>{})
            for (const auto& node : server.children(kind + "/" + shard))
                all += node.starts_with(k.encoded());
        return all;
    }

    static void expect_nodes(testing::memory_server& server, const resource_key& k, std::size_t n)
    {
        EXPECT_TRUE(eventually([&] { return nodes_of(server, k) == n; }))
            << k.text() << ": " << nodes_of(server, k) << " nodes instead of " << n;
    }

    /// Whoever comes then has its turn at once, finds what has been declared and not ended, and leaves nothing.
    static std::optional<std::string> left_to_a_fresh_client(testing::memory_server& server, const resource_key& k = key)
    {
        const auto s = open_untouched(server);
        auto next = enter(open_lane(s), k);
        std::optional<std::string> left;
        if (next.predecessor_died())
            left = next.predecessor_intent();
        next.reconciled();
        wait(next.leave());
        wait(s.close());
        expect_nodes(server, k, 0);
        return left;
    }
};

TEST_F(lane_faultsim, ServicesRegisterWhateverHappens)
{
    under_every_fault("lane::open, two services", [](testing::faults& f, testing::memory_server& server) {
        async_runner run;
        const auto s = open(f);
        const auto t = open(f);
        auto one = run.spawn(lane::open(s, {order::definition(), coupon::definition()}, two_waiters()));
        auto two = run.spawn(lane::open(t, {order::definition(), coupon::definition()}, two_waiters()));
        expect_no_error([&] { one.get(); }, "open");
        expect_no_error([&] { two.get(); }, "open");
        EXPECT_EQ(server.children("/turnstile/lanes/order").size(), 2U);
        EXPECT_EQ(server.children("/turnstile/lanes/coupon").size(), 2U);
        EXPECT_FALSE(left_to_a_fresh_client(server));
    });
}

TEST_F(lane_faultsim, EnterAndLeaveOfAFreeResource)
{
    under_every_fault("enter, leave", [](testing::faults& f, testing::memory_server& server) {
        const auto s = open(f);
        const auto desk = open_calmly(f, s);
        expect_no_error(
            [&] {
                auto t = enter(desk, key);
                EXPECT_GT(t.fence(), 0);
                EXPECT_FALSE(t.predecessor_died());
                if (t.holding().held()) {
                    EXPECT_EQ(nodes_of(server, key), 1U);
                }
                wait(t.leave());
            },
            "enter, leave");
        wait(s.swept(patience));
        EXPECT_EQ(left_to_a_fresh_client(server), std::nullopt);
        wait(s.close());
        expect_no_ephemerals(server);
    });
}

TEST_F(lane_faultsim, WaitsInLineAndNeverBesideAnother)
{
    under_every_fault("wait in line", [](testing::faults& f, testing::memory_server& server) {
        async_runner run;
        const auto others = open_untouched(server);
        const auto theirs = open_lane(others);
        auto holder = enter(theirs, key);
        auto second = run.spawn(theirs.enter(key, {"second", patience}));
        expect_nodes(server, key, 2);
        const auto s = open(f);
        auto ours = run.spawn(open_calmly(f, s).enter(key, {"third", patience}));
        EXPECT_TRUE(eventually([&] { return ours.done() || nodes_of(server, key) == 3; }));
        wait(holder.leave());
        auto two = expect_turn(second.get());
        EXPECT_FALSE(ours.done(5ms)) << "two turns";
        const auto fence_of_second = two.fence();
        wait(two.leave());
        auto three = expect_turn(ours.get());
        EXPECT_GT(three.fence(), fence_of_second);
        wait(three.leave());
        wait(s.swept(patience));
        EXPECT_EQ(left_to_a_fresh_client(server), std::nullopt);
        wait(s.close());
        wait(others.close());
        expect_no_ephemerals(server);
    });
}

TEST_F(lane_faultsim, WhatIsDeclaredIsToldUnlessTheTurnHasEndedWell)
{
    const auto run = [](testing::faults& f, testing::memory_server& server, bool leaves) {
        const auto s = open(f);
        const auto desk = open_calmly(f, s);
        auto t = enter(desk, key);
        const bool declared = succeeds([&] { wait(t.declare("capture 12.50")); });
        EXPECT_TRUE(declared || was_lost(t)) << "only a lost turn cannot declare";
        EXPECT_EQ(t.how_lost(), turn_loss::effect_unknown);
        const bool undisturbed = f.fired() && declared;
        if (leaves)
            wait(t.leave());
        else
            const auto dropped = std::move(t);
        wait(s.swept(patience));
        const auto left = left_to_a_fresh_client(server);
        if (left) {
            EXPECT_EQ(*left, "capture 12.50");
        }
        if (declared && !leaves) {
            EXPECT_TRUE(left) << "lost silently";
        }
        if (leaves && undisturbed) {
            EXPECT_FALSE(left) << "told of a turn that has ended well";
        }
        wait(s.close());
        expect_no_ephemerals(server);
    };
    under_every_fault("declare, leave", [&](auto& f, auto& server) { run(f, server, true); });
    under_every_fault("declare, drop", [&](auto& f, auto& server) { run(f, server, false); });
    under_every_two_losses("declare, drop", [&](auto& f, auto& server) { run(f, server, false); });
}

TEST_F(lane_faultsim, ATurnThatDeclaresTwiceLeavesTheSecondOne)
{
    const auto run = [](testing::faults& f, testing::memory_server& server) {
        const auto s = open(f);
        auto t = enter(open_calmly(f, s), key);
        const bool first = succeeds([&] { wait(t.declare("one")); });
        const bool second = first && succeeds([&] { wait(t.declare("two")); });
        EXPECT_TRUE(second || was_lost(t));
        {
            const auto dropped = std::move(t);
        }
        wait(s.swept(patience));
        const auto left = left_to_a_fresh_client(server);
        if (first) {
            EXPECT_TRUE(left) << "lost silently";
        }
        if (second) {
            EXPECT_EQ(left, "two");
        }
        wait(s.close());
    };
    under_every_fault("declare twice", run);
    under_every_two_losses("declare twice", run);
}

TEST_F(lane_faultsim, ADeclarationThatWasCancelledMayBeMadeAgain)
{
    // The second one was refused, because the first was there.
    testing::memory_server server;
    async_runner runner;
    const auto s = open_untouched(server);
    auto t = enter(open_lane(s), key);
    server.hold_replies(true);
    auto declaring = runner.spawn(t.declare("one"));
    EXPECT_FALSE(declaring.done(20ms));
    declaring.cancel();
    EXPECT_THROW(declaring.get(), boost::system::system_error);
    server.hold_replies(false);
    expect_no_error([&] { wait(t.declare("two")); }, "declare");
    wait(t.leave());
    EXPECT_EQ(left_to_a_fresh_client(server), std::nullopt);
}

TEST_F(lane_faultsim, TheNextIsToldWhatADeadOneDeclaredAndReconciles)
{
    const auto run = [](testing::faults& f, testing::memory_server& server, bool contended) {
        async_runner runner;
        const auto doomed = open_untouched(server);
        auto dies = enter(open_lane(doomed), key);
        wait(dies.declare("capture 12.50"));
        const auto s = open(f);
        const auto desk = open_calmly(f, s);
        if (!contended)
            server.expire(doomed.id());
        auto ours = runner.spawn(desk.enter(key, {"edit", patience}));
        if (contended) {
            EXPECT_TRUE(eventually([&] { return ours.done() || nodes_of(server, key) == 3; }));
            EXPECT_FALSE(ours.done()) << "two turns";
            server.expire(doomed.id());
        }
        auto t = expect_turn(ours.get());
        EXPECT_TRUE(t.predecessor_died());
        EXPECT_EQ(t.predecessor_intent(), "capture 12.50");
        t.reconciled();
        const bool declared = succeeds([&] { wait(t.declare("edit")); });
        const bool undisturbed = f.fired() && declared;
        wait(t.leave());
        wait(s.swept(patience));
        const auto left = left_to_a_fresh_client(server);
        if (undisturbed) {
            EXPECT_FALSE(left);
        } else if (left && declared) {
            EXPECT_EQ(*left, "edit");
        }
        wait(s.close());
        wait(doomed.close());
        expect_no_ephemerals(server);
    };
    under_every_fault("die, next waits", [&](auto& f, auto& server) { run(f, server, true); });
    under_every_fault("die, next comes", [&](auto& f, auto& server) { run(f, server, false); });
}

TEST_F(lane_faultsim, WhoDiesBeforeItReconcilesLeavesItToTheNext)
{
    under_every_fault("told, and drops", [](testing::faults& f, testing::memory_server& server) {
        {
            const auto doomed = open_untouched(server);
            auto dies = enter(open_lane(doomed), key);
            wait(dies.declare("capture 12.50"));
        }
        const auto s = open(f);
        {
            auto t = enter(open_calmly(f, s), key);
            EXPECT_EQ(t.predecessor_intent(), "capture 12.50");
            wait(t.leave());  // not reconciled: it stays
        }
        wait(s.swept(patience));
        EXPECT_EQ(left_to_a_fresh_client(server), "capture 12.50");
    });
}

TEST_F(lane_faultsim, WhoIsRefusedByTheDepthLeavesTheLine)
{
    under_every_fault("queue_full, twice", [](testing::faults& f, testing::memory_server& server) {
        async_runner run;
        const auto others = open_untouched(server);
        const auto theirs = open_lane(others);
        auto holder = enter(theirs, key);
        auto second = run.spawn(theirs.enter(key, {"", patience}));
        auto third = run.spawn(theirs.enter(key, {"", patience}));
        expect_nodes(server, key, 3);
        const auto s = open(f);
        const auto desk = open_calmly(f, s);
        for (int again = 0; again < 2; ++again) {
            expect_no_error(
                [&] {
                    const auto entered = wait(desk.enter(key, {"", patience}));
                    ASSERT_TRUE(std::holds_alternative<refusal>(entered));
                    EXPECT_EQ(std::get<refusal>(entered).why, refusal::reason::queue_full);
                    EXPECT_GT(std::get<refusal>(entered).retry_after, 0ms);
                },
                "refused");
        }
        wait(s.swept(patience));
        expect_nodes(server, key, 3);
        wait(holder.leave());
        auto two = expect_turn(second.get());
        wait(two.leave());
        auto three = expect_turn(third.get());
        wait(three.leave());
        EXPECT_EQ(left_to_a_fresh_client(server), std::nullopt);
        wait(s.close());
        wait(others.close());
        expect_no_ephemerals(server);
    });
}

TEST_F(lane_faultsim, WhoIsRefusedByItsDeadlineLeavesTheLine)
{
    under_every_fault("deadline", [](testing::faults& f, testing::memory_server& server) {
        const auto others = open_untouched(server);
        auto holder = enter(open_lane(others), key);
        const auto s = open(f);
        const auto desk = open_calmly(f, s);
        try {
            const auto entered = wait(desk.enter(key, {"", 30ms}));
            ASSERT_TRUE(std::holds_alternative<refusal>(entered)) << "two turns";
            EXPECT_EQ(std::get<refusal>(entered).why, refusal::reason::deadline);
        } catch (const error& e) {
            EXPECT_EQ(e.code(), errc::not_connected) << e.what();
        }
        wait(s.swept(patience));
        expect_nodes(server, key, 1);
        wait(holder.leave());
        EXPECT_EQ(left_to_a_fresh_client(server), std::nullopt);
        wait(s.close());
        wait(others.close());
        expect_no_ephemerals(server);
    });
}

TEST_F(lane_faultsim, ATryRunsOnceOrIsRefused)
{
    under_every_fault("try_run, free and busy", [](testing::faults& f, testing::memory_server& server) {
        const auto s = open(f);
        const auto desk = open_calmly(f, s);
        int ran = 0;
        const auto work = [&](turn&) -> awaitable<int> { co_return ++ran; };
        expect_no_error(
            [&] {
                const auto done = wait(desk.try_run(key, "edit", work));
                EXPECT_FALSE(done.was_refused()) << "nobody was there";
                EXPECT_TRUE(!done || ran == 1);
                if (done.was_lost()) {
                    EXPECT_EQ(done.lost(), turn_loss::before_effect);
                }
            },
            "try_run, free");
        EXPECT_LE(ran, 1);
        wait(s.swept(patience));
        const auto others = open_untouched(server);
        auto holder = enter(open_lane(others), key);
        expect_no_error(
            [&] {
                const auto before = ran;
                const auto done = wait(desk.try_run(key, "edit", work));
                ASSERT_TRUE(done.was_refused());
                EXPECT_EQ(done.refused().why, refusal::reason::busy);
                EXPECT_EQ(ran, before) << "two turns";
            },
            "try_run, busy");
        wait(s.swept(patience));
        expect_nodes(server, key, 1);
        wait(holder.leave());
        EXPECT_EQ(left_to_a_fresh_client(server), std::nullopt);
        wait(s.close());
        wait(others.close());
        expect_no_ephemerals(server);
    });
}

TEST_F(lane_faultsim, ARunTellsItsReplyOrWhatWasLost)
{
    const auto run = [](testing::faults& f, testing::memory_server& server) {
        const auto s = open(f);
        const auto desk = open_calmly(f, s);
        std::atomic<bool> ended = false;
        const auto work = [&](turn& t) -> awaitable<int> {
            auto declaring = t.declare("capture 12.50");
            co_await std::move(declaring);
            t.check();
            ended = true;
            co_return 7;
        };
        expect_no_error(
            [&] {
                auto done = wait(desk.run(key, {"capture", patience}, work));
                EXPECT_FALSE(done.was_refused());
                EXPECT_EQ(static_cast<bool>(done), ended.load());
                if (done) {
                    EXPECT_EQ(done.value(), 7);
                }
            },
            "run");
        wait(s.swept(patience));
        const auto left = left_to_a_fresh_client(server);
        EXPECT_TRUE(!left || *left == "capture 12.50");
        wait(s.close());
        expect_no_ephemerals(server);
    };
    under_every_fault("run", run);
}

TEST_F(lane_faultsim, SeveralResourcesAreDeclaredTogetherOrNotAtAll)
{
    const auto xmas = coupon::key("XMAS");
    const auto run = [&](testing::faults& f, testing::memory_server& server, bool leaves) {
        const auto s = open(f);
        const auto desk = open_calmly(f, s);
        auto t = enter(desk, {key, xmas});
        const bool declared = succeeds([&] { wait(t.declare("redeem")); });
        EXPECT_TRUE(declared || was_lost(t));
        const bool undisturbed = f.fired() && declared;
        if (leaves)
            wait(t.leave());
        else
            const auto dropped = std::move(t);
        wait(s.swept(patience));
        const auto one = left_to_a_fresh_client(server, key);
        const auto two = left_to_a_fresh_client(server, xmas);
        EXPECT_EQ(one, two) << "all or nothing";
        if (declared && !leaves) {
            EXPECT_EQ(one, "redeem");
        }
        if (leaves && undisturbed) {
            EXPECT_FALSE(one);
        }
        wait(s.close());
        expect_no_ephemerals(server);
    };
    under_every_fault("several, declare, leave", [&](auto& f, auto& server) { run(f, server, true); });
    under_every_fault("several, declare, drop", [&](auto& f, auto& server) { run(f, server, false); });
}

TEST_F(lane_faultsim, InspectionIsAReadAndSurvivesEverything)
{
    under_every_fault("inspect", [](testing::faults& f, testing::memory_server& server) {
        const auto others = open_untouched(server);
        auto holder = enter(open_lane(others), key);
        wait(holder.declare("capture 12.50"));
        const auto s = open(f);
        const auto desk = open_calmly(f, s);
        expect_no_error(
            [&] {
                const auto seen = wait(desk.inspect(key, patience));
                ASSERT_EQ(seen.line.size(), 1U);
                ASSERT_TRUE(seen.intent);
                EXPECT_EQ(seen.intent->intent, "capture 12.50");
                EXPECT_EQ(seen.intent->fence, holder.fence());
            },
            "inspect");
        wait(holder.leave());
        EXPECT_EQ(left_to_a_fresh_client(server), std::nullopt);
    });
}

}  // namespace
}  // namespace turnstile::test

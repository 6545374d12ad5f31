// Every fault at every operation of a gate's verbs: each call ends once and honestly, one is admitted at a time, what was
// declared is told, and a claim ends as done, free or an orphan: never as one at which somebody alive seems to be.
#include "faultsim_room.hpp"

#include <turnstile/recipes/once_gate.hpp>

#include <optional>
#include <stdexcept>
#include <variant>
#include <vector>

namespace turnstile::test {
namespace {

using namespace std::chrono_literals;

using checkout = resource_kind<"checkout", "user:u64", "key:text">;

const resource_key key = checkout::key(7, "tap");
const std::string print = "digest-1";

class once_gate_faultsim : public faultsim_room {
protected:
    static once_options few_shards()
    {
        once_options o;
        o.policy.shards = 2;
        return o;
    }

    static once_options joining()
    {
        auto o = few_shards();
        o.policy.running = once_policy::while_running::join;
        return o;
    }

    static once_gate open_gate(const session& s, const once_options& how = few_shards())
    {
        return wait(once_gate::open(s, {checkout::definition()}, how));
    }

    static once_gate open_calmly(testing::faults& f, const session& s, const once_options& how = few_shards())
    {
        const auto calm = f.calmly();
        return open_gate(s, how);
    }

    static once_entry enter(const once_gate& g) { return wait(g.enter(key, print, patience)); }

    static admitted expect_admitted(once_entry entry)
    {
        EXPECT_TRUE(std::holds_alternative<admitted>(entry)) << entry.index();
        return std::get<admitted>(std::move(entry));
    }

    static admitted take_over(once_entry entry)
    {
        EXPECT_TRUE(std::holds_alternative<orphan>(entry)) << entry.index();
        auto mine = wait(std::get<orphan>(entry).take_over(patience));
        if (!mine)
            throw std::runtime_error{"nobody else wanted it, and it was not taken over"};
        return std::move(*mine);
    }

    /// What a dead owner has left, with an intent or without.
    static void leave_an_orphan(testing::memory_server& server, const std::string& intent)
    {
        const auto doomed = open_untouched(server);
        auto dies = expect_admitted(enter(open_gate(doomed)));
        if (!intent.empty())
            wait(dies.declare(intent));
        const auto id = doomed.id();
        wait(doomed.close());
        server.expire(id);
    }

    /// Nobody is at work any more: the claim must say so, once what is under way in the background has been done.
    static std::optional<once_view> settled(testing::memory_server& server, const once_options& how = few_shards())
    {
        const auto s = open_untouched(server);
        const auto gate = open_gate(s, how);
        std::optional<once_view> seen;
        EXPECT_TRUE(eventually([&] {
            seen = wait(gate.inspect(key, patience));
            return !seen || seen->state != once_view::status::running || !seen->owner_alive;
        })) << "running, its owner alive, and nobody at work";
        wait(s.close());
        return seen;
    }

    /// Comes then and brings it to an end by the rules: what it found declared.
    static std::optional<std::string> finished_by_a_fresh_client(testing::memory_server& server, const char* result)
    {
        const auto s = open_untouched(server);
        const auto gate = open_gate(s);
        std::optional<std::string> intent;
        std::optional<admitted> mine;
        // An owner that lives on in another session may note just now that it has given up: then the orphan is another.
        EXPECT_TRUE(eventually([&] {
            auto entry = enter(gate);
            if (auto* free = std::get_if<admitted>(&entry)) {
                mine.emplace(std::move(*free));
            } else if (auto* left = std::get_if<orphan>(&entry)) {
                if (!left->intent().empty())
                    intent = left->intent();
                if (auto won = wait(left->take_over(patience)))
                    mine.emplace(std::move(*won));
            }
            return mine.has_value();
        }));
        wait(mine->commit(result));
        EXPECT_EQ(result_of(enter(gate)), result);
        wait(s.close());
        return intent;
    }

    static std::string result_of(const once_entry& entry)
    {
        EXPECT_TRUE(std::holds_alternative<already_done>(entry)) << entry.index();
        return std::get<already_done>(entry).result;
    }
};

TEST_F(once_gate_faultsim, ServicesRegisterWhateverHappens)
{
    under_every_fault("once_gate::open, two services", [](testing::faults& f, testing::memory_server& server) {
        async_runner run;
        const auto s = open(f);
        const auto t = open(f);
        auto one = run.spawn(once_gate::open(s, {checkout::definition()}, few_shards()));
        auto two = run.spawn(once_gate::open(t, {checkout::definition()}, few_shards()));
        expect_no_error([&] { one.get(); }, "open");
        expect_no_error([&] { two.get(); }, "open");
        EXPECT_EQ(server.children("/turnstile/once/checkout").size(), 2U);
        EXPECT_FALSE(finished_by_a_fresh_client(server, "order 42"));
    });
}

TEST_F(once_gate_faultsim, WhoIsAdmittedIsAtWorkForAllOthersAndCommits)
{
    const auto run = [](testing::faults& f, testing::memory_server& server) {
        const auto s = open(f);
        const auto others = open_untouched(server);
        const auto theirs = open_gate(others);
        expect_no_error(
            [&] {
                auto mine = expect_admitted(enter(open_calmly(f, s)));
                // An admission that is an orphan from the start would be taken over while it works.
                const auto seen = enter(theirs);
                EXPECT_TRUE(std::holds_alternative<in_progress>(seen)) << seen.index();
                wait(mine.commit("order 42"));
            },
            "enter, commit");
        EXPECT_EQ(result_of(enter(theirs)), "order 42");
        EXPECT_EQ(settled(server)->state, once_view::status::done);
        wait(s.close());
        wait(others.close());
        expect_no_ephemerals(server);
    };
    under_every_fault("enter, commit", run);
    under_every_two_losses("enter, commit", run);
}

TEST_F(once_gate_faultsim, BesideOneAtWorkNobodyIsAdmitted)
{
    under_every_fault("enter, running", [](testing::faults& f, testing::memory_server& server) {
        const auto others = open_untouched(server);
        auto theirs = expect_admitted(enter(open_gate(others)));
        const auto s = open(f);
        const auto gate = open_calmly(f, s);
        expect_no_error(
            [&] {
                const auto seen = enter(gate);
                EXPECT_TRUE(std::holds_alternative<in_progress>(seen)) << seen.index();
            },
            "enter, running");
        wait(theirs.commit("order 42"));
        expect_no_error([&] { EXPECT_EQ(result_of(enter(gate)), "order 42"); }, "enter, done");
        wait(s.close());
        wait(others.close());
        expect_no_ephemerals(server);
    });
}

TEST_F(once_gate_faultsim, WhatIsDeclaredIsToldOrCommitted)
{
    const auto run = [](testing::faults& f, testing::memory_server& server, bool commits) {
        const auto s = open(f);
        std::optional<admitted> mine = expect_admitted(enter(open_calmly(f, s)));
        // Nobody takes it over, so nothing that we write may be refused.
        expect_no_error([&] { wait(mine->declare("charge 42-7")); }, "declare");
        if (commits)
            expect_no_error([&] { wait(mine->commit("order 42")); }, "commit");
        mine.reset();
        const auto seen = settled(server);
        ASSERT_TRUE(seen) << "lost silently";
        if (commits) {
            EXPECT_EQ(seen->state, once_view::status::done);
            EXPECT_EQ(seen->result, "order 42");
        } else {
            EXPECT_EQ(finished_by_a_fresh_client(server, "order 42"), "charge 42-7");
        }
        wait(s.close());
        expect_no_ephemerals(server);
    };
    under_every_fault("declare, commit", [&](auto& f, auto& server) { run(f, server, true); });
    under_every_fault("declare, drop", [&](auto& f, auto& server) { run(f, server, false); });
    under_every_two_losses("declare, commit", [&](auto& f, auto& server) { run(f, server, true); });
    under_every_two_losses("declare, drop", [&](auto& f, auto& server) { run(f, server, false); });
}

TEST_F(once_gate_faultsim, DroppedWithoutAnEffectItIsFreeAgain)
{
    const auto run = [](testing::faults& f, testing::memory_server& server) {
        const auto s = open(f);
        expect_no_error([&] { const auto dropped = expect_admitted(enter(open_calmly(f, s))); }, "enter");
        const auto seen = settled(server);
        EXPECT_TRUE(!seen || (seen->state == once_view::status::running && !seen->owner_alive));
        EXPECT_EQ(finished_by_a_fresh_client(server, "order 42"), std::nullopt) << "nothing had been declared";
        wait(s.close());
        expect_no_ephemerals(server);
    };
    under_every_fault("enter, drop", run);
    under_every_two_losses("enter, drop", run);
}

TEST_F(once_gate_faultsim, ADropWhoseAnswerIsLostTakesNobodyElsesClaimAway)
{
    // The delete was repeated with the version that the next one's claim has as well, and two were admitted.
    testing::memory_server server;
    testing::faults f{server.transport(), 200ms};
    const auto s = open(f);
    const auto gate = open_gate(s);
    {
        const auto dropped = expect_admitted(enter(gate));
        f.arm(2, testing::fault::lost_after);  // it reads, and then deletes
    }
    const auto others = open_untouched(server);
    const auto theirs = open_gate(others);
    EXPECT_TRUE(eventually([&] { return f.fired() && !wait(theirs.inspect(key, patience)); }));
    auto mine = expect_admitted(enter(theirs));
    const auto before = f.operations().size();
    EXPECT_TRUE(eventually([&] { return f.operations().size() > before; })) << "it comes back, and looks what came of it";
    wait(s.exists("/"));
    expect_no_error([&] { wait(mine.commit("order 42")); }, "commit");
}

TEST_F(once_gate_faultsim, ADeclarationThatWasCancelledDoesNotLoseTheKey)
{
    // The commit behind it said that somebody had taken the key over, and left it running.
    testing::memory_server server;
    async_runner runner;
    const auto s = open_untouched(server);
    auto mine = expect_admitted(enter(open_gate(s)));
    server.hold_replies(true);
    auto declaring = runner.spawn(mine.declare("charge 42-7"));
    EXPECT_FALSE(declaring.done(20ms));
    declaring.cancel();
    EXPECT_THROW(declaring.get(), boost::system::system_error);
    server.hold_replies(false);
    expect_no_error([&] { wait(mine.declare("charge 42-8")); }, "declare");
    expect_no_error([&] { wait(mine.commit("order 42")); }, "commit");
    EXPECT_EQ(settled(server)->result, "order 42");
}

TEST_F(once_gate_faultsim, OfTwoWhoTakeOverExactlyOneGetsIt)
{
    under_every_fault("take over, two", [](testing::faults& f, testing::memory_server& server) {
        leave_an_orphan(server, "charge 42-7");
        async_runner run;
        const auto s = open(f);
        const auto others = open_untouched(server);
        const auto theirs = open_gate(others);
        auto left_to_us = enter(open_calmly(f, s));
        auto left_to_them = enter(theirs);
        ASSERT_TRUE(std::holds_alternative<orphan>(left_to_us)) << left_to_us.index();
        ASSERT_TRUE(std::holds_alternative<orphan>(left_to_them)) << left_to_them.index();
        EXPECT_EQ(std::get<orphan>(left_to_us).intent(), "charge 42-7");
        auto ours = run.spawn(std::get<orphan>(left_to_us).take_over(patience));
        auto second = run.spawn(std::get<orphan>(left_to_them).take_over(patience));
        std::vector<admitted> winners;
        for (auto* taking : {&ours, &second})
            expect_no_error(
                [&] {
                    if (auto won = taking->get())
                        winners.push_back(std::move(*won));
                },
                "take_over");
        ASSERT_EQ(winners.size(), 1U);
        EXPECT_EQ(winners.front().predecessor_intent(), "charge 42-7");
        EXPECT_EQ(winners.front().attempt(), 2U);
        const auto seen = enter(open_gate(others));
        EXPECT_TRUE(std::holds_alternative<in_progress>(seen)) << seen.index();
        expect_no_error([&] { wait(winners.front().commit("order 42")); }, "commit");
        EXPECT_EQ(settled(server)->result, "order 42");
        wait(s.close());
        wait(others.close());
        expect_no_ephemerals(server);
    });
}

TEST_F(once_gate_faultsim, TakenOverAndDroppedItIsAnOrphanAgain)
{
    const auto run = [](testing::faults& f, testing::memory_server& server) {
        leave_an_orphan(server, "charge 42-7");
        const auto s = open(f);
        expect_no_error([&] { const auto dropped = take_over(enter(open_calmly(f, s))); }, "take_over");
        ASSERT_TRUE(settled(server));
        EXPECT_EQ(finished_by_a_fresh_client(server, "order 42"), "charge 42-7");
        wait(s.close());
        expect_no_ephemerals(server);
    };
    under_every_fault("take over, drop", run);
    under_every_two_losses("take over, drop", run);
}

TEST_F(once_gate_faultsim, AnOldOwnerThatWakesIsRefused)
{
    under_every_fault("late commit", [](testing::faults& f, testing::memory_server& server) {
        const auto s = open(f);
        std::optional<admitted> late;
        {
            const auto calm = f.calmly();
            late.emplace(expect_admitted(enter(open_gate(s))));
        }
        server.expire(s.id());
        const auto others = open_untouched(server);
        std::optional<once_entry> left;
        EXPECT_TRUE(eventually([&] {
            left.emplace(enter(open_gate(others)));
            return std::holds_alternative<orphan>(*left);
        }));
        auto mine = take_over(std::move(*left));
        try {
            wait(late->commit("too late"));
            ADD_FAILURE() << "two owners";
        } catch (const error& e) {
            EXPECT_EQ(e.code(), errc::lost) << e.what();
        }
        wait(mine.commit("order 42"));
        EXPECT_EQ(settled(server)->result, "order 42");
        wait(s.close());
        wait(others.close());
        expect_no_ephemerals(server);
    });
}

TEST_F(once_gate_faultsim, WhoJoinsGetsTheResultOrWhatIsLeft)
{
    const auto run = [](testing::faults& f, testing::memory_server& server, bool commits) {
        async_runner runner;
        const auto others = open_untouched(server);
        std::optional<admitted> theirs = expect_admitted(enter(open_gate(others, joining())));
        wait(theirs->declare("charge 42-7"));
        const auto s = open(f);
        auto joined = runner.spawn(open_calmly(f, s, joining()).enter(key, print, patience));
        EXPECT_TRUE(eventually([&] { return joined.done() || server.watch_count() >= 2; }));
        EXPECT_FALSE(joined.done()) << "somebody is at work";
        if (commits)
            wait(theirs->commit("order 42"));
        else
            theirs.reset();
        expect_no_error(
            [&] {
                const auto entry = joined.get();
                if (commits) {
                    EXPECT_EQ(result_of(entry), "order 42");
                } else {
                    ASSERT_TRUE(std::holds_alternative<orphan>(entry)) << entry.index();
                    EXPECT_EQ(std::get<orphan>(entry).intent(), "charge 42-7");
                }
            },
            "join");
        ASSERT_TRUE(settled(server, joining()));
        wait(s.close());
        wait(others.close());
        expect_no_ephemerals(server);
    };
    under_every_fault("join, committed", [&](auto& f, auto& server) { run(f, server, true); });
    under_every_fault("join, given up", [&](auto& f, auto& server) { run(f, server, false); });
}

TEST_F(once_gate_faultsim, RevokingAndInspectionAreCertain)
{
    under_every_fault("inspect, revoke", [](testing::faults& f, testing::memory_server& server) {
        const auto others = open_untouched(server);
        auto theirs = expect_admitted(enter(open_gate(others)));
        wait(theirs.declare("charge 42-7"));
        const auto s = open(f);
        const auto gate = open_calmly(f, s);
        expect_no_error(
            [&] {
                const auto seen = wait(gate.inspect(key, patience));
                ASSERT_TRUE(seen);
                EXPECT_EQ(seen->state, once_view::status::running);
                EXPECT_TRUE(seen->owner_alive);
                EXPECT_EQ(seen->intent, "charge 42-7");
                EXPECT_FALSE(wait(gate.revoke(key, "order 42", patience))) << "it is running";
                wait(theirs.commit("order 42"));
                EXPECT_FALSE(wait(gate.revoke(key, "order 43", patience)));
                EXPECT_TRUE(wait(gate.revoke(key, "order 42", patience)));
            },
            "inspect, revoke");
        EXPECT_FALSE(settled(server));
        EXPECT_EQ(finished_by_a_fresh_client(server, "order 44"), std::nullopt);
        wait(s.close());
        wait(others.close());
        expect_no_ephemerals(server);
    });
}

TEST_F(once_gate_faultsim, AfterAFailureThatMayBeTriedAgainOneIsAdmitted)
{
    auto how = few_shards();
    how.policy.done = once_policy::after_done::allow_if_failed;
    under_every_fault("enter, failed", [&](testing::faults& f, testing::memory_server& server) {
        const auto others = open_untouched(server);
        const auto theirs = open_gate(others, how);
        {
            auto first = expect_admitted(enter(theirs));
            wait(first.fail("card declined"));
        }
        const auto s = open(f);
        expect_no_error(
            [&] {
                auto mine = expect_admitted(enter(open_calmly(f, s, how)));
                EXPECT_EQ(mine.attempt(), 2U);
                const auto seen = enter(theirs);
                EXPECT_TRUE(std::holds_alternative<in_progress>(seen)) << seen.index();
                wait(mine.commit("order 42"));
            },
            "enter, failed");
        EXPECT_EQ(settled(server, how)->result, "order 42");
        wait(s.close());
        wait(others.close());
        expect_no_ephemerals(server);
    });
}

}  // namespace
}  // namespace turnstile::test

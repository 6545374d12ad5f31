// Every fault at every operation of a consumer's gate, of a receiver's window, and of a janitor: each call ends once and
// honestly, a message that was done is skipped and one that was not is delivered again, a number is taken once, and what is
// kept clean loses nothing else.
#include "faultsim_room.hpp"

#include <turnstile/recipes/janitor.hpp>
#include <turnstile/recipes/message_gate.hpp>
#include <turnstile/recipes/replay_window.hpp>

#include <optional>
#include <set>
#include <variant>
#include <vector>

namespace turnstile::test {
namespace {

using namespace std::chrono_literals;
using ::testing::Each;
using ::testing::ElementsAre;

class message_gate_faultsim : public faultsim_room {
protected:
    static message one(const std::string& id)
    {
        static const auto sent = std::chrono::system_clock::now();
        return {id, sent, "d1"};
    }

    static message_gate open_gate(const session& s)
    {
        message_options o;
        o.policy.shards = 1;
        o.policy.retention = o.policy.bucket;  // few buckets to count
        o.policy.max_attempts = 100;
        return wait(message_gate::open(s, "in", o));
    }

    static message_gate open_calmly(testing::faults& f, const session& s)
    {
        const auto calm = f.calmly();
        return open_gate(s);
    }

    static message_entry begin(const message_gate& g, const message& m) { return wait(g.begin(m, patience)); }

    static delivery expect_delivery(message_entry e)
    {
        EXPECT_TRUE(std::holds_alternative<delivery>(e)) << e.index();
        return std::get<delivery>(std::move(e));
    }

    /// What a fresh consumer is told once nobody is at it any more: nullopt, it is done; else which attempt it is.
    static std::optional<std::uint32_t> next_attempt(testing::memory_server& server, const std::string& id)
    {
        const auto s = open_untouched(server);
        const auto gate = open_gate(s);
        std::optional<message_entry> e;
        EXPECT_TRUE(eventually([&] {
            e.emplace(begin(gate, one(id)));
            return !std::holds_alternative<defer>(*e);
        })) << id
            << ": somebody alive seems to be at it";
        std::optional<std::uint32_t> attempt;
        if (auto* mine = std::get_if<delivery>(&*e)) {
            attempt = mine->attempt();
            wait(mine->done());
        } else {
            EXPECT_TRUE(std::holds_alternative<skip_done>(*e)) << e->index();
        }
        EXPECT_TRUE(std::holds_alternative<skip_done>(begin(gate, one(id))));
        wait(s.close());
        return attempt;
    }
};

TEST_F(message_gate_faultsim, WhatWasDoneIsSkippedAndWhatWasNotIsDeliveredAgain)
{
    under_every_fault("message_gate: begin, done", [](testing::faults& f, testing::memory_server& server) {
        const auto s = open(f);
        const auto gate = open_calmly(f, s);
        bool done = false;
        expect_no_error(
            [&] {
                auto mine = expect_delivery(begin(gate, one("m1")));
                EXPECT_EQ(mine.attempt(), 1U);
                done = succeeds([&] { wait(mine.done()); });
            },
            "begin");
        const auto again = next_attempt(server, "m1");
        EXPECT_EQ(done, !again.has_value());
        EXPECT_GE(again.value_or(2), 2U);
        wait(s.close());
        expect_no_ephemerals(server);
    });
}

TEST_F(message_gate_faultsim, TwoLossesNeitherLoseNorDoubleADone)
{
    under_every_two_losses("message_gate: begin, done", [](testing::faults& f, testing::memory_server& server) {
        const auto s = open(f);
        const auto gate = open_calmly(f, s);
        expect_no_error(
            [&] {
                auto mine = expect_delivery(begin(gate, one("m1")));
                wait(mine.done());
            },
            "begin and done");
        EXPECT_FALSE(next_attempt(server, "m1"));
        wait(s.close());
    });
}

TEST_F(message_gate_faultsim, APrefetchIsBegunAndDoneAsOne)
{
    under_every_fault("message_gate: begin_many, done_many", [](testing::faults& f, testing::memory_server& server) {
        const auto others = open_untouched(server);
        const auto theirs = open_gate(others);
        wait(expect_delivery(begin(theirs, one("known"))).done());
        auto taken = expect_delivery(begin(theirs, one("taken")));

        const auto s = open(f);
        const auto gate = open_calmly(f, s);
        std::vector<bool> done;
        expect_no_error(
            [&] {
                auto all = wait(gate.begin_many({one("m1"), one("known"), one("taken"), one("m2")}, patience));
                EXPECT_TRUE(std::holds_alternative<skip_done>(all[1])) << all[1].index();
                EXPECT_TRUE(std::holds_alternative<defer>(all[2])) << all[2].index();
                std::vector<delivery> mine;
                mine.push_back(expect_delivery(std::move(all[0])));
                mine.push_back(expect_delivery(std::move(all[3])));
                done = wait(message_gate::done_many(std::move(mine)));
            },
            "begin_many and done_many");
        ASSERT_EQ(done.size(), 2U);
        EXPECT_EQ(done[0], !next_attempt(server, "m1").has_value());
        EXPECT_EQ(done[1], !next_attempt(server, "m2").has_value());
        wait(taken.done());
        wait(s.close());
        wait(others.close());
        expect_no_ephemerals(server);
    });
}

TEST_F(message_gate_faultsim, WhatADeadConsumerDeclaredIsToldToTheNext)
{
    under_every_fault("message_gate: take over", [](testing::faults& f, testing::memory_server& server) {
        const auto doomed = open_untouched(server);
        auto dies = expect_delivery(begin(open_gate(doomed), one("m1")));
        wait(dies.declare("charge"));
        const auto id = doomed.id();
        wait(doomed.close());
        server.expire(id);

        const auto s = open(f);
        const auto gate = open_calmly(f, s);
        bool done = false;
        expect_no_error(
            [&] {
                auto mine = expect_delivery(begin(gate, one("m1")));
                EXPECT_EQ(mine.predecessor_intent(), "charge");
                EXPECT_EQ(mine.attempt(), 2U);
                done = succeeds([&] { wait(mine.done()); });
            },
            "begin");
        EXPECT_EQ(done, !next_attempt(server, "m1").has_value());
        wait(s.close());
    });
}

TEST_F(message_gate_faultsim, ADroppedOneIsNobodysAndItsAttemptCounts)
{
    under_every_fault("message_gate: begin, drop", [](testing::faults& f, testing::memory_server& server) {
        const auto s = open(f);
        const auto gate = open_calmly(f, s);
        expect_no_error([&] { const auto dropped = expect_delivery(begin(gate, one("m1"))); }, "begin");
        const auto again = next_attempt(server, "m1");
        ASSERT_TRUE(again);
        EXPECT_GE(*again, 2U);
        wait(s.close());
        expect_no_ephemerals(server);
    });
}

// ---- Windows

using replay_window_faultsim = faultsim_room;

TEST_F(replay_window_faultsim, ANumberIsTakenOnceWhateverIsLost)
{
    const body b = [](testing::faults& f, testing::memory_server& server) {
        const auto s = open(f);
        std::optional<replay_window> seen;
        expect_no_error([&] { seen.emplace(wait(replay_window::open(s, "in", {}, patience))); }, "open");
        expect_no_error(
            [&] {
                EXPECT_EQ(wait(seen->accept({"shop", 1, 1}, patience)), replay::fresh);
                const std::vector<sequence> some{{"shop", 1, 1}, {"shop", 1, 3}, {"other", 1, 1}};
                EXPECT_THAT(wait(seen->accept_many(some, patience)),
                            ElementsAre(replay::duplicate, replay::fresh, replay::fresh));
            },
            "accept");
        const auto fresh = open_untouched(server);
        const auto elsewhere = wait(replay_window::open(fresh, "in"));
        const std::vector<sequence> all{{"shop", 1, 1}, {"shop", 1, 3}, {"other", 1, 1}};
        EXPECT_THAT(wait(elsewhere.accept_many(all, patience)), Each(replay::duplicate));
        EXPECT_EQ(wait(elsewhere.accept({"shop", 1, 2}, patience)), replay::fresh);
    };
    under_every_fault("replay_window: open, accept", b);
    under_every_two_losses("replay_window: open, accept", b);
}

TEST_F(replay_window_faultsim, NoEpochIsHandedOutTwice)
{
    under_every_fault("sequence_source: open", [](testing::faults& f, testing::memory_server& server) {
        const auto s = open(f);
        const auto fresh = open_untouched(server);
        std::vector<std::uint32_t> epochs;
        expect_no_error(
            [&] {
                epochs.push_back(wait(sequence_source::open(s, "shop", "/turnstile", patience)).epoch());
                epochs.push_back(wait(sequence_source::open(s, "shop", "/turnstile", patience)).epoch());
            },
            "open");
        epochs.push_back(wait(sequence_source::open(fresh, "shop")).epoch());
        EXPECT_THAT(epochs, ::testing::UnorderedElementsAreArray(std::set<std::uint32_t>(epochs.begin(), epochs.end())));
    });
}

// ---- Janitors

using janitor_faultsim = message_gate_faultsim;

TEST_F(janitor_faultsim, WhatALookLeavesTheNextOneRemovesAndNothingElse)
{
    under_every_fault("janitor: sweep", [](testing::faults& f, testing::memory_server& server) {
        const auto fresh = open_untouched(server);
        const auto theirs = open_gate(fresh);
        wait(expect_delivery(begin(theirs, one("living"))).done());
        for (int i = 0; i < 5; ++i) {
            const auto bucket = theirs.directory() + "/000000000001/000";
            wait(fresh.create_containers(bucket));
            wait(fresh.create(bucket + "/m" + std::to_string(i)));
        }
        janitor_options how;
        how.batch = 2;
        how.pause = 0ms;
        const auto s = open(f);
        janitor one_look{s, how};
        one_look.keep_clean(open_calmly(f, s));
        try {
            wait(one_look.sweep());
        } catch (const error& e) {
            EXPECT_FALSE(user_error(e.code())) << e.what();
        }
        janitor next{fresh, how};
        next.keep_clean(theirs);
        wait(next.sweep());
        EXPECT_FALSE(server.exists(theirs.directory() + "/000000000001"));
        EXPECT_TRUE(std::holds_alternative<skip_done>(begin(theirs, one("living"))));
    });
}

}  // namespace
}  // namespace turnstile::test

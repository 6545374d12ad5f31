// What the gates' verbs cost, as their headers promise: counted at the seam, never a time.
#include "cost_room.hpp"

#include <turnstile/recipes/message_gate.hpp>
#include <turnstile/recipes/once_gate.hpp>

#include <optional>
#include <variant>

namespace turnstile::test {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

using checkout = resource_kind<"checkout", "user:u64", "key:text">;

const resource_key key = checkout::key(7, "tap");
const std::string print = "digest-1";

class once_gate_cost : public cost_room {
protected:
    /// Of a session whose member node is there.
    static once_gate used_gate(const session& s)
    {
        once_options how;
        how.policy.shards = 2;
        auto gate = wait(once_gate::open(s, {checkout::definition()}, how));
        admit(gate, checkout::key(1, "first"));
        return gate;
    }

    static admitted admit(const once_gate& g, const resource_key& k = key)
    {
        auto mine = std::get<admitted>(wait(g.enter(k, print, 10s)));
        return mine;
    }

    /// What an earlier step does in the background has been done.
    void settle(const session& s)
    {
        std::size_t before = 0;
        EXPECT_TRUE(eventually([&] {
            wait(s.exists("/"));
            const auto now = seam_.operations().size();
            return now == std::exchange(before, now) + 1;
        }));
        seam_.reset_counts();
    }
};

TEST_F(once_gate_cost, AFreshKeyIsOneRoundTripAndOneWriteAndSoIsEachStep)
{
    const auto s = open();
    const auto gate = used_gate(s);
    settle(s);
    auto mine = admit(gate);
    EXPECT_THAT(verbs(), ElementsAre("create", "get"));
    EXPECT_EQ(seam_.round_trips(), 1U);
    seam_.reset_counts();
    wait(mine.declare("charge 42-7"));
    EXPECT_THAT(verbs(), ElementsAre("set", "get"));
    EXPECT_EQ(seam_.round_trips(), 1U);
    seam_.reset_counts();
    wait(mine.commit("order 42"));
    EXPECT_THAT(verbs(), ElementsAre("set", "get"));
    EXPECT_EQ(seam_.round_trips(), 1U);
}

TEST_F(once_gate_cost, TheFirstOfASessionPaysForItsMembershipOnceMore)
{
    const auto first = open();
    used_gate(first);
    const auto s = open();
    once_options how;
    how.policy.shards = 2;
    const auto gate = wait(once_gate::open(s, {checkout::definition()}, how));
    settle(s);
    auto mine = admit(gate);
    EXPECT_THAT(verbs(), ElementsAre("create", "create", "get"));
    EXPECT_EQ(seam_.round_trips(), 2U);
}

TEST_F(once_gate_cost, WhatIsDoneIsToldInOneRoundTrip)
{
    const auto s = open();
    const auto gate = used_gate(s);
    const auto elsewhere = used_gate(open());
    auto mine = admit(gate);
    wait(mine.commit("order 42"));
    settle(s);
    EXPECT_TRUE(std::holds_alternative<already_done>(wait(elsewhere.enter(key, print, 10s))));
    EXPECT_THAT(verbs(), ElementsAre("create", "get"));
    EXPECT_EQ(seam_.round_trips(), 1U);
}

TEST_F(once_gate_cost, WhoIsAtItIsToldInTwoRoundTripsAndByThisProcessInNone)
{
    const auto s = open();
    const auto gate = used_gate(s);
    const auto elsewhere = used_gate(open());
    auto mine = admit(gate);
    settle(s);
    EXPECT_TRUE(std::holds_alternative<in_progress>(wait(elsewhere.enter(key, print, 10s))));
    EXPECT_THAT(verbs(), ElementsAre("create", "get", "sync", "exists", "get"));
    EXPECT_EQ(seam_.round_trips(), 2U);
    seam_.reset_counts();
    EXPECT_TRUE(std::holds_alternative<in_progress>(wait(gate.enter(key, print, 10s))));
    EXPECT_THAT(verbs(), IsEmpty());
}

TEST_F(once_gate_cost, FiftyCallersOfOneProcessAskOnce)
{
    const auto s = open();
    const auto gate = used_gate(s);
    settle(s);
    std::vector<running<once_entry>> taps;
    for (int i = 0; i < 50; ++i)
        taps.push_back(run_.spawn(gate.enter(key, print, 10s)));
    std::vector<admitted> mine;
    for (auto& t : taps)
        if (auto entry = t.get(); auto* a = std::get_if<admitted>(&entry))
            mine.push_back(std::move(*a));
    EXPECT_EQ(mine.size(), 1U);
    EXPECT_THAT(verbs(), ElementsAre("create", "get"));
    EXPECT_EQ(seam_.round_trips(), 1U);
}

TEST_F(once_gate_cost, FiftyCallersOfOneProcessHearOnceThatItIsDone)
{
    const auto s = open();
    const auto gate = used_gate(s);
    auto theirs = admit(used_gate(open()));
    wait(theirs.commit("order 42"));
    settle(s);
    std::vector<running<once_entry>> taps;
    for (int i = 0; i < 50; ++i)
        taps.push_back(run_.spawn(gate.enter(key, print, 10s)));
    for (auto& t : taps)
        EXPECT_TRUE(std::holds_alternative<already_done>(t.get()));
    EXPECT_LT(seam_.round_trips(), 50U) << "those who come while one asks";
}

TEST_F(once_gate_cost, AnOrphanIsTakenOverInOneRoundTripAndAnOperatorsVerbsTakeTwo)
{
    const auto s = open();
    const auto gate = used_gate(s);
    {
        auto dropped = admit(gate);
        wait(dropped.declare("charge 42-7"));
    }
    settle(s);
    auto entry = wait(gate.enter(key, print, 10s));
    EXPECT_THAT(verbs(), ElementsAre("create", "get")) << "given up, it needs no second look";
    seam_.reset_counts();
    auto mine = wait(std::get<orphan>(entry).take_over(10s));
    ASSERT_TRUE(mine);
    EXPECT_THAT(verbs(), ElementsAre("set", "get"));
    EXPECT_EQ(seam_.round_trips(), 1U);
    seam_.reset_counts();
    EXPECT_TRUE(wait(gate.inspect(key))->owner_alive);
    EXPECT_THAT(verbs(), ElementsAre("get", "sync", "exists"));
    EXPECT_EQ(seam_.round_trips(), 2U);
    wait(mine->commit("order 42"));
    seam_.reset_counts();
    EXPECT_TRUE(wait(gate.revoke(key, "order 42")));
    EXPECT_THAT(verbs(), ElementsAre("get", "erase"));
    EXPECT_EQ(seam_.round_trips(), 2U);
}

// ---- message_gate

class message_gate_cost : public cost_room {
protected:
    static message_gate open_gate(const session& s)
    {
        message_options how;
        how.policy.shards = 1;
        return wait(message_gate::open(s, "payments-in", how));
    }

    static message numbered(int i)
    {
        return {"m" + std::to_string(i), std::chrono::system_clock::now(), "digest-" + std::to_string(i)};
    }

    /// Its member, its directory and its count of live ids have been seen to.
    static message_gate used_gate(const session& s)
    {
        auto gate = open_gate(s);
        static int first_of_each = 1'000;
        auto first = std::get<delivery>(wait(gate.begin(numbered(++first_of_each))));
        wait(first.done());
        return gate;
    }

    /// Without the look at how many ids are live, which comes once in a second.
    std::vector<std::string> verbs_but_for_the_count() const
    {
        auto all = verbs();
        while (!all.empty() && all.front() == "exists")
            all.erase(all.begin());
        return all;
    }
};

TEST_F(message_gate_cost, ANewMessageIsOneRoundTripAndSoAreItsStepsAndADouble)
{
    const auto gate = used_gate(open());
    const auto m = numbered(1);
    seam_.reset_counts();
    auto mine = std::get<delivery>(wait(gate.begin(m)));
    EXPECT_THAT(verbs_but_for_the_count(), ElementsAre("create", "get"));
    seam_.reset_counts();
    wait(mine.declare("apply"));
    EXPECT_THAT(verbs(), ElementsAre("set", "get"));
    EXPECT_EQ(seam_.round_trips(), 1U);
    seam_.reset_counts();
    wait(mine.done());
    EXPECT_THAT(verbs(), ElementsAre("set", "get"));
    seam_.reset_counts();
    EXPECT_TRUE(std::holds_alternative<skip_done>(wait(gate.begin(m))));
    EXPECT_THAT(verbs_but_for_the_count(), ElementsAre("create", "get"));
}

TEST_F(message_gate_cost, BesideOneAtWorkItIsTwoRoundTripsAndThreeToTakeOver)
{
    const auto doomed = open();
    const auto m = numbered(1);
    auto theirs = std::get<delivery>(wait(used_gate(doomed).begin(m)));
    const auto gate = used_gate(open());
    seam_.reset_counts();
    EXPECT_TRUE(std::holds_alternative<defer>(wait(gate.begin(m))));
    EXPECT_THAT(verbs_but_for_the_count(), ElementsAre("create", "get", "sync", "exists"));
    server_.expire(doomed.id());
    seam_.reset_counts();
    auto mine = std::get<delivery>(wait(gate.begin(m)));
    EXPECT_THAT(verbs_but_for_the_count(), ::testing::Contains("set").Times(1));
    EXPECT_EQ(mine.attempt(), 2U);
}

TEST_F(message_gate_cost, ABatchIsOneTransactionEachWay)
{
    const auto gate = used_gate(open());
    std::vector<message> batch;
    for (int i = 1; i <= 20; ++i)
        batch.push_back(numbered(i));
    seam_.reset_counts();
    auto entries = wait(gate.begin_many(batch));
    EXPECT_THAT(verbs_but_for_the_count(), ElementsAre("commit", "get"));
    std::vector<delivery> mine;
    for (auto& e : entries)
        mine.push_back(std::move(std::get<delivery>(e)));
    seam_.reset_counts();
    const auto done = wait(message_gate::done_many(std::move(mine)));
    EXPECT_EQ(done, std::vector<bool>(20, true));
    EXPECT_THAT(verbs(), ElementsAre("commit"));
    EXPECT_EQ(seam_.round_trips(), 1U);
}

}  // namespace
}  // namespace turnstile::test

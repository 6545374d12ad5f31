// Once: one is admitted, all others get the first one's result; what a dead owner leaves is told, and taken over once.
#include "recipe_room.hpp"

#include <turnstile/recipes/once_gate.hpp>

#include <optional>
#include <vector>

namespace turnstile::test {
namespace {

using namespace std::chrono_literals;
using boost::asio::awaitable;

using checkout = resource_kind<"checkout", "user:u64", "key:text">;

const resource_key key = checkout::key(7, "tap");
const std::string print = "digest-1";

class once_gate_on : public recipe_on {
protected:
    static once_options few_shards()
    {
        once_options o;
        o.policy.shards = 2;
        return o;
    }

    static once_gate open_gate(const session& s, once_options how = few_shards())
    {
        return wait(once_gate::open(s, {checkout::definition()}, how));
    }

    static once_entry enter(const once_gate& g, const std::string& fingerprint = print)
    {
        return wait(g.enter(key, fingerprint, patience));
    }

    static admitted expect_admitted(once_entry entry)
    {
        EXPECT_TRUE(std::holds_alternative<admitted>(entry)) << entry.index();
        return std::get<admitted>(std::move(entry));
    }

    static orphan expect_orphan(const once_gate& g)
    {
        std::optional<once_entry> entry;
        // Somebody's end, or giving up, is on its way.
        EXPECT_TRUE(eventually([&] {
            entry.emplace(enter(g));
            return std::holds_alternative<orphan>(*entry);
        })) << entry->index();
        return std::get<orphan>(std::move(*entry));
    }

    session s_ = open();
};

TEST_P(once_gate_on, OneIsAdmittedAndTheOthersGetItsResult)
{
    const auto gate = open_gate(s_);
    const auto elsewhere = open_gate(open());
    auto mine = expect_admitted(enter(gate));
    EXPECT_EQ(mine.attempt(), 1U);
    EXPECT_GT(mine.fence(), 0);
    for (const auto* other : {&gate, &elsewhere}) {
        const auto entry = enter(*other);
        ASSERT_TRUE(std::holds_alternative<in_progress>(entry)) << entry.index();
        EXPECT_GT(std::get<in_progress>(entry).retry_after, 0ms);
    }
    EXPECT_THAT(std::get<in_progress>(enter(elsewhere)).by, ::testing::HasSubstr("pid"));
    wait(mine.declare("charge 42-7"));
    wait(mine.commit("order 42"));
    for (const auto* other : {&gate, &elsewhere}) {
        const auto entry = enter(*other);
        ASSERT_TRUE(std::holds_alternative<already_done>(entry)) << entry.index();
        EXPECT_EQ(std::get<already_done>(entry).result, "order 42");
        EXPECT_FALSE(std::get<already_done>(entry).failed);
    }
}

TEST_P(once_gate_on, FiftyTapsAtOncePlaceOneOrder)
{
    std::vector<once_gate> services;
    for (int i = 0; i < 5; ++i)
        services.push_back(open_gate(open()));
    std::vector<running<once_entry>> taps;
    for (int i = 0; i < 50; ++i)
        taps.push_back(run_.spawn(services[static_cast<std::size_t>(i) % 5].enter(key, print, patience)));
    std::optional<admitted> mine;
    int others = 0;
    for (auto& tap : taps) {
        auto entry = tap.get();
        if (auto* a = std::get_if<admitted>(&entry)) {
            EXPECT_FALSE(mine) << "two are admitted";
            mine.emplace(std::move(*a));
        } else {
            EXPECT_TRUE(std::holds_alternative<in_progress>(entry)) << entry.index();
            ++others;
        }
    }
    EXPECT_TRUE(mine);
    EXPECT_EQ(others, 49);
}

TEST_P(once_gate_on, AnotherRequestUnderTheSameKeyIsNoticedInEveryState)
{
    const auto gate = open_gate(s_);
    const auto elsewhere = open_gate(open());
    auto mine = expect_admitted(enter(gate));
    EXPECT_TRUE(std::holds_alternative<key_reused>(enter(elsewhere, "digest-2")));
    EXPECT_TRUE(std::holds_alternative<key_reused>(enter(gate, "digest-2"))) << "in the same process as well";
    wait(mine.commit("order 42"));
    EXPECT_TRUE(std::holds_alternative<key_reused>(enter(gate, "digest-2")));
    EXPECT_TRUE(std::holds_alternative<key_reused>(enter(elsewhere, "digest-2")));
}

TEST_P(once_gate_on, DroppedWithoutAnEffectItIsFreeAgain)
{
    const auto gate = open_gate(s_);
    {
        const auto dropped = expect_admitted(enter(gate));
    }
    EXPECT_TRUE(eventually([&] { return std::holds_alternative<admitted>(enter(gate)); }));
}

TEST_P(once_gate_on, DroppedAfterADeclaredEffectItIsAnOrphanAtOnce)
{
    const auto gate = open_gate(s_);
    {
        auto dropped = expect_admitted(enter(gate));
        wait(dropped.declare("charge 42-7"));
    }
    auto left = expect_orphan(gate);
    EXPECT_EQ(left.intent(), "charge 42-7");
    auto mine = wait(left.take_over());
    ASSERT_TRUE(mine);
    EXPECT_EQ(mine->attempt(), 2U);
    EXPECT_EQ(mine->predecessor_intent(), "charge 42-7");
    wait(mine->commit("order 42"));
    EXPECT_EQ(std::get<already_done>(enter(gate)).result, "order 42");
}

TEST_P(once_gate_on, WhatADeadOwnerLeavesIsTakenOverByExactlyOne)
{
    const auto doomed = open();
    auto late = expect_admitted(enter(open_gate(doomed)));
    wait(late.declare("charge 42-7"));
    zk_->expire(doomed);

    std::vector<orphan> left;
    const auto gate = open_gate(s_);
    const auto elsewhere = open_gate(open());
    left.push_back(expect_orphan(gate));
    left.push_back(expect_orphan(elsewhere));
    left.push_back(expect_orphan(gate));
    std::vector<running<std::optional<admitted>>> taking;
    for (auto& o : left)
        taking.push_back(run_.spawn(o.take_over(patience)));
    std::vector<admitted> winners;
    for (auto& t : taking)
        if (auto won = t.get())
            winners.push_back(std::move(*won));
    ASSERT_EQ(winners.size(), 1U);
    EXPECT_GT(winners.front().fence(), late.fence());
    EXPECT_EQ(error_of([&] { wait(late.commit("too late")); }), errc::lost);
    EXPECT_EQ(error_of([&] { wait(late.declare("too late")); }), errc::not_held) << "it knows by now";
    wait(winners.front().commit("order 42"));
    EXPECT_EQ(std::get<already_done>(enter(gate)).result, "order 42");
}

TEST_P(once_gate_on, AnOrphanThatNobodyFinishesStaysOneWithWhatWasDeclaredFirst)
{
    const auto gate = open_gate(s_);
    {
        auto first = expect_admitted(enter(gate));
        wait(first.declare("charge 42-7"));
    }
    {
        auto left = expect_orphan(gate);
        const auto second = wait(left.take_over());
        ASSERT_TRUE(second);
    }
    EXPECT_EQ(expect_orphan(gate).intent(), "charge 42-7");
}

TEST_P(once_gate_on, AFailureIsAResultUnlessThePolicyLetsItBeTriedAgain)
{
    for (const bool again : {false, true}) {
        auto how = few_shards();
        how.base = again ? "/again" : "/once";
        how.policy.done = again ? once_policy::after_done::allow_if_failed : once_policy::after_done::return_first;
        const auto gate = open_gate(s_, how);
        auto mine = expect_admitted(enter(gate));
        wait(mine.fail("card declined"));
        auto entry = enter(gate);
        if (!again) {
            ASSERT_TRUE(std::holds_alternative<already_done>(entry));
            EXPECT_TRUE(std::get<already_done>(entry).failed);
            EXPECT_EQ(std::get<already_done>(entry).result, "card declined");
            continue;
        }
        auto second = expect_admitted(std::move(entry));
        EXPECT_EQ(second.attempt(), 2U);
        wait(second.commit("order 42"));
        EXPECT_EQ(std::get<already_done>(enter(gate)).result, "order 42");
    }
}

TEST_P(once_gate_on, ThePolicyMayTellNoMoreThanThatItIsDone)
{
    auto how = few_shards();
    how.policy.done = once_policy::after_done::refuse;
    const auto gate = open_gate(s_, how);
    auto mine = expect_admitted(enter(gate));
    wait(mine.commit("secret"));
    const auto entry = enter(gate);
    ASSERT_TRUE(std::holds_alternative<turned_away>(entry));
    EXPECT_EQ(std::get<turned_away>(entry).why, turned_away::reason::done);
}

TEST_P(once_gate_on, WhoJoinsWaitsForTheResult)
{
    auto how = few_shards();
    how.policy.running = once_policy::while_running::join;
    const auto gate = open_gate(s_, how);
    const auto doomed = open();
    const auto elsewhere = open_gate(doomed, how);
    auto mine = expect_admitted(enter(gate));
    auto here = run_.spawn(gate.enter(key, print, patience));
    auto there = run_.spawn(elsewhere.enter(key, print, patience));
    const auto late = wait(elsewhere.enter(key, print, 50ms));
    EXPECT_TRUE(std::holds_alternative<in_progress>(late)) << late.index();
    EXPECT_FALSE(here.done());
    wait(mine.commit("order 42"));
    EXPECT_EQ(std::get<already_done>(here.get()).result, "order 42");
    EXPECT_EQ(std::get<already_done>(there.get()).result, "order 42");
}

TEST_P(once_gate_on, WhoJoinsIsToldWhenTheOwnerDies)
{
    auto how = few_shards();
    how.policy.running = once_policy::while_running::join;
    const auto doomed = open();
    auto dies = expect_admitted(enter(open_gate(doomed, how)));
    const auto gate = open_gate(s_, how);
    auto joined = run_.spawn(gate.enter(key, print, patience));
    EXPECT_FALSE(joined.done(50ms));
    zk_->expire(doomed);
    EXPECT_TRUE(std::holds_alternative<orphan>(joined.get()));
}

TEST_P(once_gate_on, AnOperatorMayRevokeAResultThatIsTheExpectedOne)
{
    const auto gate = open_gate(s_);
    auto mine = expect_admitted(enter(gate));
    EXPECT_FALSE(wait(gate.revoke(key, "order 42"))) << "it is running";
    wait(mine.commit("order 42"));
    EXPECT_FALSE(wait(gate.revoke(key, "order 43")));
    EXPECT_EQ(wait(gate.inspect(key))->result, "order 42");
    EXPECT_TRUE(wait(gate.revoke(key, "order 42")));
    EXPECT_FALSE(wait(gate.inspect(key)));
    auto again = expect_admitted(enter(gate));
    wait(again.fail("declined"));
    EXPECT_TRUE(wait(gate.revoke(key, "declined")));
    EXPECT_TRUE(std::holds_alternative<admitted>(enter(gate)));
}

TEST_P(once_gate_on, AnOutageIsAnAnswer)
{
    for (const bool passes : {false, true}) {
        auto how = few_shards();
        how.base = passes ? "/pass" : "/refuse";
        how.policy.outage = passes ? once_policy::on_outage::pass_to_db : once_policy::on_outage::refuse;
        const auto gate = open_gate(s_, how);
        zk_->pause();
        const auto entry = wait(gate.enter(key, print, 150ms));
        zk_->resume();
        EXPECT_EQ(std::holds_alternative<pass_to_db>(entry), passes) << entry.index();
        if (!passes) {
            EXPECT_EQ(std::get<turned_away>(entry).why, turned_away::reason::outage);
        }
        // What that attempt may have claimed is taken back.
        EXPECT_TRUE(eventually([&] { return std::holds_alternative<admitted>(enter(gate)); }));
    }
}

TEST_P(once_gate_on, ACancelledAttemptLeavesNoClaim)
{
    const auto gate = open_gate(s_);
    zk_->pause();
    auto cancelled = run_.spawn(gate.enter(key, print, patience));
    EXPECT_FALSE(cancelled.done(20ms));
    cancelled.cancel();
    EXPECT_EQ(error_of([&] { cancelled.get(); }), boost::asio::error::operation_aborted);
    zk_->resume();
    const auto elsewhere = open_gate(open());
    EXPECT_TRUE(eventually([&] { return std::holds_alternative<admitted>(enter(elsewhere)); }));
}

INSTANTIATE_TEST_SUITE_P(memory, once_gate_on, ::testing::Values(backend_kind::memory), name_of);
INSTANTIATE_TEST_SUITE_P(real, once_gate_on, ::testing::Values(backend_kind::real), name_of);

TEST(once_gate, RefusesWhatCannotWorkBeforeAnythingIsSent)
{
    memory_backend zk;
    const auto s = session::open(zk.options());
    const auto gate = blocking::wait(once_gate::open(s, {checkout::definition()}));
    const auto before = zk.server.last_zxid();
    for (const auto& bad : {std::string{}, std::string(129, 'x'), std::string{"a b"}, std::string{"a\nb"}})
        EXPECT_EQ(error_of([&] { blocking::wait(gate.enter(key, bad)); }), errc::bad_argument) << bad;
    using order = resource_kind<"order", "id:u64">;
    EXPECT_EQ(error_of([&] { blocking::wait(gate.enter(order::key(1), print)); }), errc::bad_argument);
    EXPECT_EQ(zk.server.last_zxid(), before);
    auto mine = std::get<admitted>(blocking::wait(gate.enter(key, print)));
    const auto claimed = zk.server.last_zxid();
    EXPECT_EQ(error_of([&] { blocking::wait(mine.declare("")); }), errc::bad_argument);
    EXPECT_EQ(error_of([&] { blocking::wait(mine.commit(std::string(result_max + 1, 'x'))); }), errc::bad_argument);
    EXPECT_EQ(zk.server.last_zxid(), claimed);
    blocking::wait(mine.commit(""));
}

}  // namespace
}  // namespace turnstile::test

// What a turn that did not end well leaves, and who is told.
#include "lane_on.hpp"

#include <atomic>
#include <optional>
#include <stdexcept>
#include <variant>

namespace turnstile::test {
namespace {

using boost::asio::awaitable;

TEST_P(lane_on, ADeclaredIntentGoesWithACleanEnd)
{
    const auto desk = open_lane(s_);
    auto t = enter(desk, key, "capture");
    wait(t.declare("capture 12.50"));
    const auto seen = wait(desk.inspect(key));
    ASSERT_TRUE(seen.intent);
    EXPECT_EQ(seen.intent->intent, "capture 12.50");
    EXPECT_EQ(seen.intent->operation, "capture");
    EXPECT_EQ(seen.intent->fence, t.fence());
    EXPECT_EQ(seen.line.front().purpose, "capture");
    wait(t.declare("capture 12.50, again"));
    EXPECT_EQ(wait(desk.inspect(key)).intent->intent, "capture 12.50, again");
    wait(t.leave());
    expect_empty("order");
    EXPECT_FALSE(enter(desk, key).predecessor_died());
}

TEST_P(lane_on, TheNextHolderIsToldWhatADeadOneDeclared)
{
    const auto desk = open_lane(s_);
    const auto doomed = open();
    std::optional<turn> dies = enter(open_lane(doomed), key, "capture");
    wait(dies->declare("capture\n\n12.50\tkey 42-7"));
    auto waits = ask(desk, key);
    expect_waiting(desk, 2);
    zk_->expire(doomed);

    auto next = std::get<turn>(waits.get());
    ASSERT_TRUE(next.predecessor_died());
    EXPECT_EQ(next.predecessor_intent(), "capture\n\n12.50\tkey 42-7");
    EXPECT_EQ(next.predecessors().front().resource, "order/42");
    EXPECT_EQ(next.predecessors().front().operation, "capture");
    EXPECT_EQ(error_of([&] { wait(next.declare("mine")); }), errc::bad_argument) << "reconcile first";
    EXPECT_TRUE(eventually([&] { return error_of([&] { dies->check(); }) == errc::lost; }));
    EXPECT_EQ(dies->how_lost(), turn_loss::effect_unknown);

    // Not reconciled, it stays for the one after.
    wait(next.leave());
    auto third = enter(desk, key);
    ASSERT_TRUE(third.predecessor_died());
    third.reconciled();
    wait(third.declare("mine"));
    EXPECT_EQ(wait(desk.inspect(key)).intent->intent, "mine");
    wait(third.leave());
    expect_empty("order");
}

TEST_P(lane_on, WhoComesToAnEmptyLineIsToldAsWell)
{
    const auto desk = open_lane(s_);
    {
        auto dropped = enter(desk, key);
        wait(dropped.declare("half done"));
    }
    expect_waiting(desk, 0);
    auto next = enter(desk, key);
    EXPECT_EQ(next.predecessor_intent(), "half done");
    next.reconciled();
    wait(next.leave());
    expect_empty("order");
}

TEST_P(lane_on, ALateOneCannotDeclare)
{
    const auto desk = open_lane(s_);
    const auto doomed = open();
    auto late = enter(open_lane(doomed), key);
    zk_->expire(doomed);
    EXPECT_EQ(error_of([&] { wait(late.declare("too late")); }), errc::lost);
    auto next = enter(desk, key);
    EXPECT_FALSE(next.predecessor_died());
}

TEST_P(lane_on, AFunctionThatThrowsLeavesWhatItDeclared)
{
    const auto desk = open_lane(s_);
    const auto fails = [](bool declares) {
        return [declares](turn& t) -> awaitable<int> {
            if (declares)
                co_await t.declare("halfway");
            throw std::logic_error{"no"};
        };
    };
    EXPECT_THROW(wait(desk.run(key, "edit", fails(false))), std::logic_error);
    EXPECT_FALSE(enter(desk, key).predecessor_died());
    EXPECT_THROW(wait(desk.run(key, "edit", fails(true))), std::logic_error);
    EXPECT_TRUE(enter(desk, key).predecessor_died());
}

TEST_P(lane_on, ALostTurnTellsWhetherAnythingWasDeclared)
{
    for (const bool declares : {false, true}) {
        const auto doomed = open();
        const auto desk = open_lane(doomed);
        std::atomic<bool> begun = false;  // its place is there before it has heard of it
        const auto work = [&](turn& t) -> awaitable<int> {
            if (declares)
                co_await t.declare("capture");
            begun = true;
            co_await t.holding().lost();
            t.check();
            co_return 1;
        };
        auto under_way = run_.spawn(desk.run(key, "capture", work));
        EXPECT_TRUE(eventually([&] { return begun.load(); }));
        EXPECT_EQ(wait(desk.inspect(key)).intent.has_value(), declares);
        zk_->expire(doomed);
        const auto result = under_way.get();
        ASSERT_TRUE(result.was_lost());
        EXPECT_EQ(result.lost(), declares ? turn_loss::effect_unknown : turn_loss::before_effect);
    }
}

TEST_P(lane_on, ARowThatANewerTurnHasEnteredIsALossAsWell)
{
    const auto desk = open_lane(s_);
    for (const bool declares : {false, true}) {
        const auto fenced = [declares](turn& t) -> awaitable<int> {
            if (declares)
                co_await t.declare("capture");
            throw error{errc::fenced, "write", "orders"};
        };
        const auto result = wait(desk.run(key, "capture", fenced));
        ASSERT_TRUE(result.was_lost());
        EXPECT_EQ(result.lost(), declares ? turn_loss::effect_unknown : turn_loss::before_effect);
    }
    EXPECT_TRUE(enter(desk, key).predecessor_died());
}

TEST_P(lane_on, ADeclareThatIsCertainlyTooLateHasDeclaredNothing)
{
    const auto desk = open_lane(s_);
    auto t = enter(desk, key);
    const auto place = wait(desk.inspect(key)).line.front().node;
    for (const auto& shard : zk_->children("/turnstile/lanes/order"))
        for (const auto& node : zk_->children("/turnstile/lanes/order/" + shard))
            zk_->erase("/turnstile/lanes/order/" + shard + "/" + node);
    EXPECT_EQ(error_of([&] { wait(t.declare("capture")); }), errc::lost) << place;
    EXPECT_EQ(t.how_lost(), turn_loss::before_effect);
}

}  // namespace
}  // namespace turnstile::test

// What a lane's verbs cost, as its header promises: counted at the seam, never a time.
#include "cost_room.hpp"
#include "lane_room.hpp"

#include <optional>
#include <variant>

namespace turnstile::test {
namespace {

using namespace std::chrono_literals;
using ::testing::Each;
using ::testing::ElementsAre;

class lane_cost : public cost_room {
protected:
    static lane open_lane(const session& s) { return test::open_lane(s, few_shards(1)); }

    /// The session has proved itself alive, as it does in any case while a turn is held.
    static lane used_lane(const session& s)
    {
        auto desk = open_lane(s);
        wait(enter(desk, order::key(7)).leave());
        return desk;
    }

    /// By one of the sessions, counted from 1, besides its signs of life.
    std::vector<std::string> verbs_of(std::size_t client) const
    {
        std::vector<std::string> out;
        for (const auto& o : seam_.operations())
            if (o.client == client && !o.path.starts_with("/turnstile/members"))
                out.push_back(o.verb);
        return out;
    }

    /// Of a resource: places, and its intent.
    std::size_t nodes() const
    {
        std::size_t all = 0;
        for (const auto& shard : server_.children("/turnstile/lanes/order"))
            all += server_.children("/turnstile/lanes/order/" + shard).size();
        return all;
    }
};

TEST_F(lane_cost, OpeningIsOneRoundTripAKindOnceItIsRegistered)
{
    const auto s = open();
    open_lane(s);
    seam_.reset_counts();
    open_lane(s);
    EXPECT_THAT(verbs(), ElementsAre("get", "get", "get", "get"));
    EXPECT_EQ(seam_.round_trips(), 2U);
}

TEST_F(lane_cost, TheFirstServiceEverPaysThreeRoundTripsAKindAndAWriteForEachShard)
{
    const auto s = open();
    seam_.reset_counts();
    wait(lane::open(s, {order::definition()}, few_shards(1)));
    EXPECT_EQ(seam_.round_trips(), 5U) << "a look, the kind, a look, its shards, a look";
    EXPECT_EQ(seam_.writes(), 5U + 2U);
}

TEST_F(lane_cost, AResourceThatNobodyHasUsedIsEnteredByOneRoundTripAndOneWrite)
{
    const auto s = open();
    const auto desk = used_lane(s);
    seam_.reset_counts();
    auto t = enter(desk, key);
    EXPECT_THAT(verbs_of(1), ElementsAre("create", "children"));
    EXPECT_EQ(seam_.round_trips(), 1U);
    EXPECT_EQ(seam_.writes(), 1U);
    seam_.reset_counts();
    wait(t.leave());
    EXPECT_THAT(verbs_of(1), ElementsAre("erase"));
    EXPECT_EQ(seam_.round_trips(), 1U);
    EXPECT_EQ(nodes(), 0U);
}

TEST_F(lane_cost, DeclaringIsOneWriteAndIsTakenAwayInTheRoundTripOfLeaving)
{
    const auto s = open();
    auto t = enter(used_lane(s), key);
    for (const auto* intent : {"capture", "capture again"}) {
        seam_.reset_counts();
        wait(t.declare(intent));
        EXPECT_THAT(verbs_of(1), ElementsAre("commit"));
        EXPECT_EQ(seam_.round_trips(), 1U);
    }
    seam_.reset_counts();
    wait(t.leave());
    EXPECT_TRUE(eventually([&] { return nodes() == 0; }));
    EXPECT_THAT(verbs_of(1), ElementsAre("commit", "erase"));
    EXPECT_EQ(seam_.round_trips(), 1U);
}

TEST_F(lane_cost, WhoComesAfterADeclarationReadsItOnce)
{
    const auto s = open();
    const auto desk = used_lane(s);
    {
        auto dropped = enter(desk, key);
        wait(dropped.declare("capture"));
    }
    wait(s.swept(10s));
    seam_.reset_counts();
    auto t = enter(desk, key);
    EXPECT_EQ(t.predecessor_intent(), "capture");
    EXPECT_THAT(verbs_of(1), ElementsAre("create", "children", "get"));
    EXPECT_EQ(seam_.round_trips(), 2U);
}

TEST_F(lane_cost, WhenTheTurnOfAWaiterComesItReadsOnce)
{
    const auto holders = open();
    const auto s = open();
    const auto desk = used_lane(s);
    auto holder = enter(used_lane(holders), key);
    auto waiting = run_.spawn(desk.enter(key, {"edit", 10s}));
    EXPECT_TRUE(eventually([&] { return nodes() == 2 && server_.watch_count() > 0; }));
    EXPECT_FALSE(waiting.done(20ms));
    seam_.reset_counts();
    wait(holder.leave());
    auto t = std::get<turn>(waiting.get());
    EXPECT_THAT(verbs_of(2), ElementsAre("get"));
}

TEST_F(lane_cost, ATryIsARefusalByOneReadAndTwoRoundTripsWhenNobodyIsThere)
{
    const auto s = open();
    const auto desk = used_lane(s);
    const auto work = [](turn&) -> boost::asio::awaitable<int> { co_return 1; };
    {
        auto holder = enter(desk, key);
        seam_.reset_counts();
        EXPECT_TRUE(wait(desk.try_run(key, "edit", work)).was_refused());
        EXPECT_THAT(verbs_of(1), ElementsAre("children"));
        EXPECT_EQ(seam_.writes(), 0U);
        wait(holder.leave());
    }
    seam_.reset_counts();
    EXPECT_TRUE(wait(desk.try_run(key, "edit", work)));
    EXPECT_THAT(verbs_of(1), ElementsAre("children", "create", "children", "erase"));
    EXPECT_EQ(seam_.round_trips(), 3U);
}

TEST_F(lane_cost, ARefusalIsACreateAndADeleteAndOnceMoreWithinItsTimeARead)
{
    const auto holders = open();
    const auto s = open();
    const auto theirs = used_lane(holders);
    const auto desk = used_lane(s);
    auto holder = enter(theirs, key);
    auto waiting = run_.spawn(theirs.enter(key, {"edit", 10s}));
    EXPECT_TRUE(eventually([&] { return nodes() == 2; }));
    seam_.reset_counts();
    const auto first = std::get<refusal>(wait(desk.enter(key, {"edit", 10s})));
    EXPECT_EQ(first.why, refusal::reason::queue_full);
    wait(s.swept(10s));
    EXPECT_THAT(verbs_of(2), ElementsAre("create", "children", "erase"));
    seam_.reset_counts();
    const auto asked_again = std::get<refusal>(wait(desk.enter(key, {"edit", 10s})));
    EXPECT_EQ(asked_again.why, refusal::reason::queue_full);
    wait(s.swept(10s));
    EXPECT_THAT(verbs_of(2), ElementsAre("children"));
    wait(holder.leave());
}

TEST_F(lane_cost, SeveralResourcesAreOneTransactionEachWay)
{
    const auto s = open();
    const auto desk = used_lane(s);
    seam_.reset_counts();
    auto t = enter(desk, {key, coupon::key("XMAS")});
    EXPECT_THAT(verbs_of(1), ElementsAre("commit", "children", "children"));
    EXPECT_EQ(seam_.round_trips(), 1U);
    seam_.reset_counts();
    wait(t.declare("redeem"));
    EXPECT_THAT(verbs_of(1), ElementsAre("commit"));
    seam_.reset_counts();
    wait(t.leave());
    EXPECT_TRUE(eventually([&] { return nodes() == 0; }));
    EXPECT_THAT(verbs_of(1), ElementsAre("commit", "erase", "erase"));
    EXPECT_EQ(seam_.round_trips(), 1U);
}

TEST_F(lane_cost, InspectionIsTwoRoundTripsOfReads)
{
    const auto s = open();
    const auto desk = used_lane(s);
    auto t = enter(desk, key);
    wait(t.declare("capture"));
    seam_.reset_counts();
    EXPECT_EQ(wait(desk.inspect(key)).line.size(), 1U);
    EXPECT_THAT(verbs_of(1), ElementsAre("children", "get", "get"));
    EXPECT_EQ(seam_.round_trips(), 2U);
    EXPECT_EQ(seam_.writes(), 0U);
}

}  // namespace
}  // namespace turnstile::test

// Lanes: one change of a resource at a time, in the order of arrival, also of several resources.
#include "lane_on.hpp"

#include <turnstile/recipes/blocking_lane.hpp>

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace turnstile::test {
namespace {

using boost::asio::awaitable;

TEST_P(lane_on, ATurnAnswersWhatItsFunctionDoes)
{
    const auto desk = open_lane(s_);
    const auto work = [](turn& t) -> awaitable<fencing_token> { co_return t.fence(); };
    auto first = wait(desk.run(key, {"capture", patience}, work));
    auto second = wait(desk.run(key, {"capture", patience}, work));
    ASSERT_TRUE(first && second);
    EXPECT_GT(first.value(), 0);
    EXPECT_GT(second.value(), first.value());
    expect_empty("order");
}

TEST_P(lane_on, AFunctionMayAnswerNothing)
{
    const auto desk = open_lane(s_);
    bool ran = false;
    const auto done = wait(desk.run(key, "edit", [&](turn&) -> awaitable<void> {
        ran = true;
        co_return;
    }));
    EXPECT_TRUE(done);
    EXPECT_TRUE(ran);
}

TEST_P(lane_on, WaitsItsTurnInTheOrderOfArrival)
{
    const auto desk = open_lane(s_);
    const auto other = open_lane(open());
    std::optional<turn> holder = enter(desk, key);
    auto second = ask(other, key);
    expect_waiting(desk, 2);
    auto third = ask(desk, key);
    expect_waiting(desk, 3);
    const auto first_fence = holder->fence();
    wait(holder->leave());
    auto two = std::get<turn>(second.get());
    EXPECT_FALSE(third.done());
    EXPECT_GT(two.fence(), first_fence);
    wait(two.leave());
    auto three = std::get<turn>(third.get());
    EXPECT_GT(three.fence(), two.fence());
}

TEST_P(lane_on, ResourcesOfOneShardDoNotWaitForEachOther)
{
    lane_options one_shard;
    one_shard.policy.shards = 1;
    const auto desk = open_lane(s_, one_shard);
    std::vector<turn> all;
    for (int i = 0; i < 5; ++i)
        all.push_back(enter(desk, order::key(i)));
    // Prefixes of each other, and names that look like places.
    all.push_back(enter(desk, order::key(421)));
    all.push_back(enter(desk, coupon::key("s1-lock-0000000000")));
    all.push_back(enter(desk, coupon::key("1-lock-0000000000")));
    auto waits = ask(desk, order::key(3));
    expect_waiting(desk, 0);
    EXPECT_EQ(wait(desk.inspect(order::key(4))).line.size(), 1U);
    wait(all[3].leave());
    EXPECT_TRUE(std::holds_alternative<turn>(waits.get()));
}

TEST_P(lane_on, ServicesThatNameTheKindOtherwiseDoNotStart)
{
    const auto desk = open_lane(s_);
    const auto open_with = [&](kind_definition kind, lane_options how) {
        return error_of([&] { wait(lane::open(s_, {std::move(kind)}, how)); });
    };
    EXPECT_EQ(open_with({"order", {"id:text"}}, few_shards()), errc::kind_mismatch);
    EXPECT_EQ(open_with({"order", {"id:u64", "shop:u64"}}, few_shards()), errc::kind_mismatch);
    auto other = few_shards();
    other.policy.max_waiters = 3;
    EXPECT_EQ(open_with(order::definition(), other), errc::kind_mismatch);
    EXPECT_EQ(open_with(order::definition(), few_shards()), error_code{});
    try {
        wait(lane::open(s_, {{"order", {"id:text"}}}, few_shards()));
    } catch (const error& e) {
        EXPECT_THAT(e.what(), ::testing::HasSubstr("registered: fields id:u64; here: fields id:text"));
    }
}

TEST_P(lane_on, AnOperatorMayReplaceAPolicyButNotWhereThingsLie)
{
    const auto desk = open_lane(s_);
    auto other = few_shards();
    other.policy.max_waiters = 3;
    other.replace_policy = true;
    EXPECT_NO_THROW(open_lane(s_, other));
    other.replace_policy = false;
    EXPECT_NO_THROW(open_lane(s_, other));
    EXPECT_EQ(error_of([&] { open_lane(s_); }), errc::kind_mismatch) << "the old one";
    other.replace_policy = true;
    other.policy.shards = 3;
    EXPECT_EQ(error_of([&] { open_lane(s_, other); }), errc::kind_mismatch);
    EXPECT_EQ(error_of([&] { wait(lane::open(s_, {{"order", {"id:text"}}}, other)); }), errc::kind_mismatch);
}

TEST_P(lane_on, ManyServicesMayStartAtOnce)
{
    std::vector<running<lane>> starting;
    for (int i = 0; i < 5; ++i)
        starting.push_back(run_.spawn(lane::open(open(), {order::definition()}, few_shards())));
    for (auto& s : starting)
        EXPECT_NO_THROW(s.get());
    EXPECT_EQ(zk_->children("/turnstile/lanes/order").size(), 2U);
}

TEST_P(lane_on, WhoseSessionEndsInTheQueueStandsInItAnew)
{
    const auto desk = open_lane(s_);
    auto holder = enter(desk, key);
    const auto doomed = open();
    auto waits = ask(open_lane(doomed), key);
    expect_waiting(desk, 2);
    backend::hear_out(doomed);
    zk_->expire(doomed);
    expect_waiting(desk, 2);
    wait(holder.leave());
    EXPECT_TRUE(std::holds_alternative<turn>(waits.get()));
}

TEST_P(lane_on, SeveralResourcesInOneTurn)
{
    const auto desk = open_lane(s_);
    const turn_keys both{key, coupon::key("XMAS")};
    auto t = enter(desk, both);
    auto waits = ask(desk, coupon::key("XMAS"));
    EXPECT_TRUE(eventually([&] { return wait(desk.inspect(coupon::key("XMAS"))).line.size() == 2; }));
    wait(t.declare("redeem"));
    EXPECT_EQ(wait(desk.inspect(key)).intent->intent, "redeem");
    EXPECT_EQ(wait(desk.inspect(coupon::key("XMAS"))).intent->intent, "redeem");
    {
        const auto dropped = std::move(t);
    }
    auto next = std::get<turn>(waits.get());
    EXPECT_EQ(next.predecessor_intent(), "redeem");
    EXPECT_EQ(next.predecessors().front().resource, "coupon/XMAS");
    next.reconciled();
    wait(next.leave());
    auto order_next = enter(desk, key);
    EXPECT_EQ(order_next.predecessor_intent(), "redeem");
}

TEST_P(lane_on, LocksOfOtherKindsInTheSameTurn)
{
    const auto desk = open_lane(s_);
    const mutex stock{s_, "/locks/stock-3"};
    turn_request how{"pick", patience};
    how.locks = {stock, mutex{s_, "/locks/stock-4"}};
    auto t = std::get<turn>(wait(desk.enter(key, how)));
    EXPECT_FALSE(wait(mutex{open(), "/locks/stock-4"}.try_acquire()));
    auto waits = run_.spawn(mutex{open(), stock.path()}.acquire(patience));
    expect_depth(stock.path(), 2);
    wait(t.declare("pick"));
    wait(t.leave());
    auto held = waits.get();
    EXPECT_GT(held.token(), t.fence());
    // And the other way round: who holds the lock alone keeps the turn waiting.
    auto turn_waits = run_.spawn(desk.enter(key, how));
    expect_waiting(desk, 1);
    EXPECT_FALSE(turn_waits.done());
    wait(held.release());
    EXPECT_TRUE(std::holds_alternative<turn>(turn_waits.get()));
    how.locks = {stock, stock};
    EXPECT_EQ(error_of([&] { wait(desk.enter(key, how)); }), errc::bad_argument);
    how.locks = {mutex{open(), "/locks/stock-3"}};
    EXPECT_EQ(error_of([&] { wait(desk.enter(key, how)); }), errc::bad_argument);
}

TEST_P(lane_on, AskingAgainForWhatOneHoldsIsADeadlockNotAHang)
{
    const auto desk = open_lane(s_);
    const auto nothing = [](turn&) -> awaitable<int> { co_return 7; };
    const auto nested = [&](turn&) -> awaitable<int> {
        auto other = desk.run(order::key(43), "nested", nothing);  // another one is fine
        auto done = co_await std::move(other);
        EXPECT_TRUE(done);
        auto same = desk.run(key, {"nested", patience}, nothing);
        auto again = co_await std::move(same);
        co_return again.value();
    };
    EXPECT_EQ(error_of([&] { wait(desk.run(key, "outer", nested)); }), errc::would_deadlock);
    // While one that is of nobody in particular waits, as everybody.
    EXPECT_EQ(wait(desk.run(key, {"outer", patience}, nothing)).value(), 7);
}

TEST_P(lane_on, ATurnForThreads)
{
    const auto desk = open_lane(s_);
    const auto done = blocking::run(desk, key, "capture", [&](turn& t) {
        wait(t.declare("capture"));
        EXPECT_EQ(error_of([&] { blocking::run(desk, key, "again", [](turn&) {}); }), errc::would_deadlock);
        return blocking::run(desk, order::key(43), "another", [](turn&) { return 1; }).value();
    });
    EXPECT_TRUE(done);
    expect_empty("order");
    const auto doomed = open();
    const auto lost = blocking::run(open_lane(doomed), key, "capture", [&](turn& t) {
        zk_->expire(doomed);
        EXPECT_TRUE(eventually([&] { return !t.holding().held(); }));
        t.check();
    });
    ASSERT_TRUE(lost.was_lost());
    EXPECT_EQ(lost.lost(), turn_loss::before_effect);
}

TEST_P(lane_on, CancelledItLeavesTheLine)
{
    const auto desk = open_lane(s_);
    auto holder = enter(desk, key);
    auto waits = ask(desk, key);
    expect_waiting(desk, 2);
    waits.cancel();
    EXPECT_EQ(error_of([&] { waits.get(); }), boost::asio::error::operation_aborted);
    expect_waiting(desk, 1);
}

INSTANTIATE_TEST_SUITE_P(memory, lane_on, ::testing::Values(backend_kind::memory), name_of);
INSTANTIATE_TEST_SUITE_P(real, lane_on, ::testing::Values(backend_kind::real), name_of);

TEST(lane, RefusesWhatCannotWorkBeforeAnythingIsSent)
{
    memory_backend zk;
    const auto s = session::open(zk.options());
    const auto desk = blocking::wait(lane::open(s, {order::definition()}));
    const auto enter = [&](turn_keys keys, std::string operation = "") {
        return error_of([&] { blocking::wait(desk.enter(std::move(keys), {std::move(operation)})); });
    };
    const auto before = zk.server.last_zxid();
    EXPECT_EQ(enter(coupon::key("XMAS")), errc::bad_argument);
    EXPECT_EQ(enter({key, key}), errc::bad_argument);
    EXPECT_EQ(enter(turn_keys{std::vector<resource_key>{}}), errc::bad_argument);
    EXPECT_EQ(enter(key, std::string(201, 'x')), errc::bad_argument);
    lane_options no_shards;
    no_shards.policy.shards = 0;
    EXPECT_EQ(error_of([&] { blocking::wait(lane::open(s, {order::definition()}, no_shards)); }), errc::bad_argument);
    EXPECT_EQ(error_of([&] { blocking::wait(lane::open(s, {})); }), errc::bad_argument);
    EXPECT_EQ(zk.server.last_zxid(), before);
    auto t = std::get<turn>(blocking::wait(desk.enter(key, "")));
    EXPECT_EQ(error_of([&] { blocking::wait(t.declare("")); }), errc::bad_argument);
    EXPECT_EQ(error_of([&] { blocking::wait(t.declare(std::string(turn::intent_max + 1, 'x'))); }), errc::bad_argument);
    EXPECT_FALSE(blocking::wait(desk.inspect(key)).intent);
}

}  // namespace
}  // namespace turnstile::test

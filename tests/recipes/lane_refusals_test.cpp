// Who is refused by a lane, why, and when to come again.
#include "lane_on.hpp"

#include <variant>

namespace turnstile::test {
namespace {

using namespace std::chrono_literals;
using boost::asio::awaitable;

TEST_P(lane_on, TryRunIsRefusedWhenSomebodyIsThere)
{
    const auto desk = open_lane(s_);
    auto holder = enter(desk, key);
    const auto work = [](turn&) -> awaitable<int> { co_return 1; };
    const auto refused = wait(desk.try_run(key, "edit", work));
    ASSERT_TRUE(refused.was_refused());
    EXPECT_EQ(refused.refused().why, refusal::reason::busy);
    EXPECT_GT(refused.refused().retry_after, 0ms);
    wait(holder.leave());
    EXPECT_EQ(wait(desk.try_run(key, "edit", work)).value(), 1);
}

TEST_P(lane_on, RefusesAtOnceWhenTooManyWait)
{
    auto how = few_shards();
    how.policy.max_waiters = 1;
    const auto desk = open_lane(s_, how);
    auto holder = enter(desk, key);
    auto waits = ask(desk, key);
    expect_waiting(desk, 2);
    for (int again = 0; again < 2; ++again) {  // the second time by a look
        const auto r = std::get<refusal>(wait(desk.enter(key, {"", patience})));
        EXPECT_EQ(r.why, refusal::reason::queue_full);
        EXPECT_EQ(r.position, 2U);
        EXPECT_GE(r.retry_after, 7ms);
    }
    expect_waiting(desk, 2);
    wait(holder.leave());
    EXPECT_TRUE(std::holds_alternative<turn>(waits.get()));
}

TEST_P(lane_on, RefusesSeveralResourcesForTheOneThatIsFull)
{
    auto how = few_shards();
    how.policy.max_waiters = 1;
    const auto desk = open_lane(s_, how);
    auto holder = enter(desk, key);
    auto waits = ask(desk, key);
    expect_waiting(desk, 2);
    for (const auto& both : {turn_keys{key, coupon::key("XMAS")}, turn_keys{coupon::key("XMAS"), key}})
        for (int again = 0; again < 2; ++again)
            EXPECT_EQ(std::get<refusal>(wait(desk.enter(both, {"", patience}))).why, refusal::reason::queue_full);
    expect_empty("coupon");
}

TEST_P(lane_on, RefusesAtOnceWhatCannotBeServedInTime)
{
    const auto desk = open_lane(s_);
    // A turn of a while teaches what turns take.
    auto slow = enter(desk, key);
    EXPECT_TRUE(
        eventually([begun = std::chrono::steady_clock::now()] { return std::chrono::steady_clock::now() - begun > 60ms; }));
    wait(slow.leave());
    auto holder = enter(desk, key);
    const auto r = std::get<refusal>(wait(desk.enter(key, {"", 20ms})));
    EXPECT_EQ(r.why, refusal::reason::deadline);
    EXPECT_EQ(r.position, 1U);
    EXPECT_GE(r.expected_wait, 50ms);
    expect_waiting(desk, 1);
}

TEST_P(lane_on, ADeadlineThatPassesInTheQueueIsARefusal)
{
    const auto desk = open_lane(s_);
    auto holder = enter(desk, key);
    const auto r = std::get<refusal>(wait(desk.enter(key, {"", 150ms})));
    EXPECT_EQ(r.why, refusal::reason::deadline);
    EXPECT_EQ(r.position, 1U);
    expect_waiting(desk, 1);
}

}  // namespace
}  // namespace turnstile::test

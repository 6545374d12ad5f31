// Many turns at once share transactions (group commit), and nobody can tell but by the cost: every call ends once and
// honestly, fences grow, whoever's write fails does not harm the others, and nothing is left behind.
#include "faultsim_room.hpp"

#include <turnstile/recipes/lane.hpp>

#include <atomic>
#include <cstdint>
#include <variant>

namespace turnstile::test {
namespace {

using namespace std::chrono_literals;
using boost::asio::awaitable;

using order = resource_kind<"order", "id:u64">;

/// So many set out alone, and those who come while they are under way wait for each other (group_commit::alone_max).
constexpr std::size_t alone = 4;

class lane_groups : public faultsim_room {
protected:
    using entered = std::variant<turn, refusal>;

    static lane open_lane(const session& s)
    {
        lane_options o;
        o.policy.shards = 4;
        return wait(lane::open(s, {order::definition()}, o));
    }

    /// One for each of the resources, all under way before anybody is answered.
    static std::vector<running<entered>> all_enter(async_runner& run, testing::memory_server& server, const lane& desk,
                                                   std::size_t number, turn_request how = {"edit", patience})
    {
        server.hold_replies(true);
        std::vector<running<entered>> all;
        for (std::uint64_t i = 0; i < number; ++i)
            all.push_back(run.spawn(desk.enter(order::key(i), how)));
        everybody_has_asked(run);
        return all;
    }

    static std::vector<turn> turns_of(std::vector<running<entered>> all)
    {
        std::vector<turn> turns;
        for (auto& one : all)
            turns.push_back(std::get<turn>(one.get()));
        return turns;
    }

    /// The runner has one thread, and starts in order.
    static void everybody_has_asked(async_runner& run)
    {
        run.spawn([]() -> awaitable<void> { co_return; }()).get();
    }

    static std::vector<running<void>> leaving(async_runner& run, std::vector<turn>& turns)
    {
        std::vector<running<void>> all;
        for (auto& t : turns)
            all.push_back(run.spawn(t.leave()));
        return all;
    }

    static void all_leave(async_runner& run, std::vector<turn>& turns)
    {
        for (auto& one : leaving(run, turns))
            one.get();
    }

    /// All are under way before anybody is answered.
    static std::vector<running<void>> leaving_at_once(async_runner& run, testing::memory_server& server,
                                                      std::vector<turn>& turns)
    {
        server.hold_replies(true);
        auto all = leaving(run, turns);
        everybody_has_asked(run);
        server.hold_replies(false);
        return all;
    }

    static std::size_t nodes(testing::memory_server& server)
    {
        std::size_t all = 0;
        for (const auto& shard : server.children("/turnstile/lanes/order"))
            all += server.children("/turnstile/lanes/order/" + shard).size();
        return all;
    }

    static void expect_nodes(testing::memory_server& server, std::size_t number)
    {
        EXPECT_TRUE(eventually([&] { return nodes(server) == number; })) << nodes(server) << " nodes are left";
    }
};

TEST_F(lane_groups, WhoComesWhileOthersAreUnderWaySharesATransaction)
{
    testing::memory_server server;
    testing::faults seam{server.transport()};
    async_runner run;
    const auto s = open(seam);
    const auto desk = open_lane(s);
    wait(std::get<turn>(wait(desk.enter(order::key(99), {"edit", patience}))).leave());
    seam.reset_counts();

    auto asking = all_enter(run, server, desk, 20);
    EXPECT_EQ(seam.count("create"), alone);
    EXPECT_EQ(seam.count("commit"), 0U);
    server.hold_replies(false);
    auto turns = turns_of(std::move(asking));
    EXPECT_EQ(seam.count("create"), alone);
    EXPECT_EQ(seam.count("commit"), 1U);
    EXPECT_LE(seam.count("children"), alone + 4) << "a list for each shard, not for each turn";
    for (auto& t : turns) {
        EXPECT_TRUE(t.holding().held());
        EXPECT_GT(t.fence(), 0);
    }
    EXPECT_EQ(nodes(server), 20U) << "only the places";

    seam.reset_counts();
    for (auto& one : leaving_at_once(run, server, turns))
        one.get();
    EXPECT_EQ(seam.count("erase"), alone);
    EXPECT_EQ(seam.count("commit"), 1U);
    EXPECT_EQ(nodes(server), 0U);
}

TEST_F(lane_groups, NoTwoTurnsOfAResourceShareAFence)
{
    testing::memory_server server;
    async_runner run;
    const auto s = open_untouched(server);
    const auto desk = open_lane(s);
    auto others = all_enter(run, server, desk, alone);
    std::vector<running<entered>> rivals;
    for (int i = 0; i < 5; ++i)
        rivals.push_back(run.spawn(desk.enter(order::key(77), {"edit", patience})));
    everybody_has_asked(run);
    server.hold_replies(false);
    fencing_token last = 0;
    for (auto& rival : rivals) {  // first come, first served
        auto t = std::get<turn>(rival.get());
        EXPECT_GT(t.fence(), last);
        last = t.fence();
        wait(t.leave());
    }
    auto turns = turns_of(std::move(others));
    all_leave(run, turns);
    expect_nodes(server, 0);
}

TEST_F(lane_groups, WhoseWriteFailsDoesNotHarmTheOthers)
{
    testing::memory_server server;
    testing::faults seam{server.transport()};
    async_runner run;
    const auto s = open(seam);
    const auto desk = open_lane(s);
    auto asking = all_enter(run, server, desk, 12);
    server.hold_replies(false);
    auto turns = turns_of(std::move(asking));

    server.hold_replies(true);
    server.erase(turns[9].holding().path());  // nobody of us has heard of that yet
    seam.reset_counts();
    auto all = leaving_at_once(run, server, turns);
    for (std::size_t i = 0; i < all.size(); ++i) {
        const bool left = succeeds([&] { all[i].get(); });
        EXPECT_TRUE(left || i == 9) << i;
    }
    EXPECT_EQ(seam.count("erase"), 12U) << "each alone, in the end";
    expect_nodes(server, 0);
}

TEST_F(lane_groups, ADeadlinePassesWhileOneWaitsForOthers)
{
    testing::memory_server server;
    async_runner run;
    const auto s = open_untouched(server);
    const auto desk = open_lane(s);
    auto others = all_enter(run, server, desk, alone);
    auto hurried = run.spawn(desk.enter(order::key(77), {"edit", 30ms}));
    const auto said = hurried.get();
    ASSERT_TRUE(std::holds_alternative<refusal>(said));
    server.hold_replies(false);
    auto turns = turns_of(std::move(others));
    expect_nodes(server, alone);
    all_leave(run, turns);
    expect_nodes(server, 0);
}

TEST_F(lane_groups, WhoIsCancelledOnTheWayLeavesNoNode)
{
    testing::memory_server server;
    async_runner run;
    const auto s = open_untouched(server);
    const auto desk = open_lane(s);
    auto all = all_enter(run, server, desk, 12);
    std::atomic<bool> departed = false;
    server.on_operation([&](std::int64_t, const operation& o) {
        if (std::holds_alternative<op::multi>(o)) {
            server.hold_replies(true);
            departed = true;
        }
    });
    server.hold_replies(false);
    ASSERT_TRUE(eventually([&] { return departed.load(); }));
    all[7].cancel();
    all[8].cancel();
    EXPECT_THROW(all[7].get(), boost::system::system_error);
    EXPECT_THROW(all[8].get(), boost::system::system_error);
    server.on_operation({});
    server.hold_replies(false);
    all.erase(all.begin() + 7, all.begin() + 9);
    auto turns = turns_of(std::move(all));
    expect_nodes(server, 10);
    all_leave(run, turns);
    expect_nodes(server, 0);
}

TEST_F(lane_groups, TheSessionEndsWhileTheyWait)
{
    testing::memory_server server;
    async_runner run;
    const auto s = open_untouched(server);
    const auto desk = open_lane(s);
    auto all = all_enter(run, server, desk, 20);
    server.expire(s.id());
    server.hold_replies(false);
    auto turns = turns_of(std::move(all));  // in the next one
    EXPECT_EQ(turns.size(), 20U);
    all_leave(run, turns);
    expect_nodes(server, 0);
}

TEST_F(lane_groups, TheSessionIsClosedWhileTheyWait)
{
    testing::memory_server server;
    async_runner run;
    const auto s = open_untouched(server);
    const auto desk = open_lane(s);
    auto all = all_enter(run, server, desk, 20);
    auto closing = run.spawn(s.close());
    everybody_has_asked(run);
    server.hold_replies(false);
    for (auto& one : all) {
        try {
            one.get();
        } catch (const boost::system::system_error& e) {
            EXPECT_TRUE(session_over(e.code())) << e.what();
        }
    }
    closing.get();
    expect_no_ephemerals(server);
}

TEST_F(lane_groups, PathsAreThoseOfTheSessionsOwnTree)
{
    testing::memory_server server;
    testing::faults seam{server.transport()};
    async_runner run;
    session_options o;
    o.transport = seam.transport();
    o.root = "/turnstile";  // as the lanes' own base: what is cut off twice shows
    const auto s = session::open(o);
    const auto desk = open_lane(s);
    seam.reset_counts();
    auto asking = all_enter(run, server, desk, 12);
    server.hold_replies(false);
    auto turns = turns_of(std::move(asking));
    EXPECT_EQ(seam.count("commit"), 1U);
    for (auto& t : turns) {
        const auto& path = t.holding().path();
        EXPECT_TRUE(path.starts_with("/turnstile/lanes/order/")) << path;
        EXPECT_TRUE(server.exists("/turnstile" + path)) << path;
    }
    all_leave(run, turns);
    for (const auto& shard : server.children("/turnstile/turnstile/lanes/order"))
        EXPECT_TRUE(server.children("/turnstile/turnstile/lanes/order/" + shard).empty());
}

TEST_F(lane_groups, NobodyWaitsWhereGroupsAreOff)
{
    testing::memory_server server;
    testing::faults seam{server.transport()};
    async_runner run;
    session_options o;
    o.transport = seam.transport();
    o.group_max = 1;
    const auto s = session::open(o);
    const auto desk = open_lane(s);
    seam.reset_counts();
    auto all = all_enter(run, server, desk, 12);
    EXPECT_EQ(seam.count("create"), 12U);
    server.hold_replies(false);
    auto turns = turns_of(std::move(all));
    all_leave(run, turns);
    EXPECT_EQ(seam.count("commit"), 0U);
    expect_nodes(server, 0);
}

class lane_groups_faultsim : public lane_groups {
protected:
    static void everybody_leaves(async_runner& run, testing::memory_server& server, std::vector<turn>& turns)
    {
        for (auto& one : leaving_at_once(run, server, turns))
            succeeds([&] { one.get(); });
    }

    static void many_come(testing::faults& f, testing::memory_server& server, std::size_t number, bool and_go)
    {
        async_runner run;
        const auto s = open(f);
        const auto desk = [&] {
            const auto calm = f.calmly();
            return open_lane(s);
        }();
        auto all = all_enter(run, server, desk, number);
        server.hold_replies(false);
        expect_no_error(
            [&] {
                auto turns = turns_of(std::move(all));
                if (and_go)
                    return everybody_leaves(run, server, turns);
                const auto calm = f.calmly();
                everybody_leaves(run, server, turns);
            },
            "enter, leave");
        wait(s.swept(patience));
        expect_nodes(server, 0);
        wait(s.close());
        expect_no_ephemerals(server);
    }
};

TEST_F(lane_groups_faultsim, ManyComeAndGo)
{
    under_every_fault("eight turns at once", [](auto& f, auto& server) { many_come(f, server, 8, true); });
    under_every_two_losses("six turns at once", [](auto& f, auto& server) { many_come(f, server, 6, false); });
}

}  // namespace
}  // namespace turnstile::test

// Who travels with whom, and what the transaction's answers are to each.
#include "group_commit.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace turnstile::test {
namespace {

using detail::flight;
using detail::flight_stage;
using detail::group_commit;
using ::testing::ElementsAre;

constexpr auto now = epoch{1};

std::shared_ptr<flight> place(const std::string& directory, const std::string& name, std::size_t line, std::string data = {})
{
    std::vector<operation> both;
    both.emplace_back(op::create{directory + "/" + name, std::move(data), create_mode::ephemeral_sequential});
    both.emplace_back(op::children{directory});
    auto f = std::make_shared<flight>(std::move(both), nullptr);
    f->in = now;
    f->line = line;
    return f;
}

std::shared_ptr<flight> release(const std::string& path)
{
    std::vector<operation> one;
    one.emplace_back(op::erase{path});
    auto f = std::make_shared<flight>(std::move(one), nullptr);
    f->in = now;
    return f;
}

std::vector<std::string> paths_of(const group_commit::group& members)
{
    std::vector<std::string> paths;
    for (const auto& m : members)
        paths.emplace_back(path_of(m->operations.front()));
    return paths;
}

TEST(group_commit, AFewSetOutAloneAndTheNextWait)
{
    group_commit groups{64, 1'000'000};
    std::vector<std::shared_ptr<flight>> aloft;
    while (groups.may_go()) {
        aloft.push_back(release("/a"));
        groups.set_out(*aloft.back());
    }
    EXPECT_EQ(aloft.size(), 4U);
    EXPECT_TRUE(groups.landed(*aloft.front()));
    EXPECT_TRUE(groups.may_go());
    EXPECT_FALSE(groups.landed(*aloft.front())) << "it lands once";
}

TEST(group_commit, ThoseWhoWaitSetOutWhenFewAreUnderWayAndNobodyOvertakesThem)
{
    group_commit groups{64, 1'000'000};
    std::vector<std::shared_ptr<flight>> aloft;
    while (groups.may_go()) {
        aloft.push_back(release("/a"));
        groups.set_out(*aloft.back());
    }
    groups.wait(release("/b"));
    groups.landed(*aloft[0]);
    groups.landed(*aloft[1]);
    EXPECT_FALSE(groups.may_go());
    EXPECT_FALSE(groups.may_depart());
    groups.landed(*aloft[2]);
    EXPECT_TRUE(groups.may_depart());
    EXPECT_EQ(groups.next().together.size(), 1U);
    EXPECT_FALSE(groups.may_depart()) << "nobody waits";
    EXPECT_TRUE(groups.may_go());
}

TEST(group_commit, NobodyEverWaitsWhereAGroupIsOfOne)
{
    group_commit groups{1, 1'000'000};
    for (int i = 0; i < 100; ++i) {
        EXPECT_TRUE(groups.may_go());
        groups.set_out(*release("/a"));
    }
}

TEST(group_commit, TakesThoseWhoHaveWaitedLongest)
{
    group_commit groups{2, 1'000'000};
    for (const auto* path : {"/a", "/b", "/c"})
        groups.wait(release(path));
    EXPECT_THAT(paths_of(groups.next().together), ElementsAre("/a", "/b"));
    EXPECT_EQ(groups.waiting(), 1U);
    EXPECT_THAT(paths_of(groups.next().together), ElementsAre("/c"));
    EXPECT_TRUE(groups.next().together.empty());
}

TEST(group_commit, TwoOfALineNeverShareATransactionAndKeepTheirOrder)
{
    group_commit groups{64, 1'000'000};
    for (const auto* name : {"1", "2", "3"})
        groups.wait(place("/d", name, 7));
    groups.wait(place("/d", "other", 8));
    const auto d = groups.next();
    EXPECT_THAT(paths_of(d.together), ElementsAre("/d/1", "/d/other"));
    EXPECT_THAT(paths_of(d.alone), ElementsAre("/d/2", "/d/3"));
    EXPECT_EQ(groups.waiting(), 0U);
}

TEST(group_commit, WhoHasGivenUpStaysBehind)
{
    group_commit groups{64, 1'000'000};
    const auto gone = release("/a");
    groups.wait(gone);
    groups.wait(release("/b"));
    gone->stage = flight_stage::landed;
    EXPECT_THAT(paths_of(groups.next().together), ElementsAre("/b"));
}

TEST(group_commit, OneZooKeeperSessionATransaction)
{
    group_commit groups{64, 1'000'000};
    groups.wait(release("/a"));
    auto later = release("/b");
    later->in = epoch{2};
    groups.wait(std::move(later));
    EXPECT_THAT(paths_of(groups.next().together), ElementsAre("/a"));
    EXPECT_THAT(paths_of(groups.next().together), ElementsAre("/b"));
}

TEST(group_commit, StaysWithinAPacket)
{
    group_commit groups{64, 1'000};
    for (const auto* name : {"1", "2", "3"})
        groups.wait(place("/d", name, 0, std::string(400, 'x')));
    EXPECT_EQ(groups.next().together.size(), 2U);
    EXPECT_EQ(groups.next().together.size(), 1U);
    groups.wait(place("/d", "4", 0, std::string(4'000, 'x')));
    EXPECT_EQ(groups.next().together.size(), 1U) << "what is too large for any packet is refused by itself";
}

TEST(group_commit, EachGetsItsShareAndAListIsReadOnce)
{
    const auto carrier =
        detail::carrier_of({place("/d", "a-", 1), release("/d/old"), place("/e", "b-", 2), place("/d", "c-", 3)});
    ASSERT_EQ(carrier->operations.size(), 3U) << "the transaction, and two lists";
    const auto& steps = std::get<op::multi>(carrier->operations.front()).steps;
    ASSERT_EQ(steps.size(), 4U + 3U);
    EXPECT_TRUE(std::holds_alternative<op::set>(steps[5])) << "which tells the zxid";

    auto& told = carrier->answers.front();
    told.steps.resize(7);
    told.steps[0].path = "/d/a-0000000001";
    told.steps[2].path = "/e/b-0000000001";
    told.steps[3].path = "/d/c-0000000002";
    told.steps[5].stat.mzxid = 77;
    carrier->answers[1].children = {"in d"};
    carrier->answers[2].children = {"in e"};
    const auto shares = detail::shares_of(*carrier, 99);
    ASSERT_EQ(shares.size(), 4U);
    EXPECT_EQ(shares[0][0].path, "/d/a-0000000001");
    EXPECT_EQ(shares[0][0].stat.czxid, 77);
    EXPECT_EQ(shares[0][0].stat.ephemeral_owner, 99);
    EXPECT_THAT(shares[0][1].children, ElementsAre("in d"));
    EXPECT_EQ(shares[1].size(), 1U);
    EXPECT_TRUE(shares[1][0].ok());
    EXPECT_THAT(shares[2][1].children, ElementsAre("in e"));
    EXPECT_EQ(shares[3][0].path, "/d/c-0000000002");
    EXPECT_THAT(shares[3][1].children, ElementsAre("in d"));
}

TEST(group_commit, ADoubtIsEverybodysAndARefusalNobodys)
{
    const auto carrier = detail::carrier_of({place("/d", "a-", 1), release("/d/old")});
    carrier->answers[0].ec = errc::connection_loss;
    EXPECT_FALSE(detail::was_undone(*carrier));
    for (const auto& share : detail::shares_of(*carrier, 99))
        EXPECT_EQ(share[0].ec, errc::connection_loss);
    carrier->answers[0].ec = errc::session_expired;
    EXPECT_FALSE(detail::was_undone(*carrier));
    carrier->answers[0].ec = errc::not_connected;
    EXPECT_FALSE(detail::was_undone(*carrier));
    carrier->answers[0].ec = errc::no_node;
    EXPECT_TRUE(detail::was_undone(*carrier));
    carrier->answers[0].ec = errc::too_many_ephemerals;
    EXPECT_TRUE(detail::was_undone(*carrier));
    carrier->answers[0].ec = {};
    EXPECT_FALSE(detail::was_undone(*carrier));
}

}  // namespace
}  // namespace turnstile::test

// What the verbs of single recipes cost, beyond what all have in common (lock_cost_test): counted at the seam, never a time.
#include "cost_room.hpp"

#include <turnstile/recipes/leader_election.hpp>
#include <turnstile/recipes/multi_lock.hpp>
#include <turnstile/recipes/revocation.hpp>
#include <turnstile/recipes/semaphore.hpp>
#include <turnstile/recipes/shared_mutex.hpp>

#include <algorithm>
#include <cstddef>

namespace turnstile::test {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class family_cost : public cost_room {
protected:
    /// By the second session that was opened.
    std::vector<std::string> verbs_of_the_second() const
    {
        std::vector<std::string> out;
        for (const auto& o : seam_.operations())
            if (o.client == 2)
                out.push_back(o.verb);
        return out;
    }
    std::ptrdiff_t count_of_the_second(const std::string& verb) const
    {
        const auto all = verbs_of_the_second();
        return std::count(all.begin(), all.end(), verb);
    }
    /// What lay in the way of a grant. A watch that has not fired, as on a semaphore's maximum, is taken back behind it.
    static std::vector<std::string> until_the_grant(std::vector<std::string> all)
    {
        std::erase(all, "forget_watches");
        return all;
    }
    std::size_t round_trips_until_the_grant() const { return seam_.round_trips() - seam_.count("forget_watches"); }

    /// A wait in the line, once it stands there.
    running<lease> stand(boost::asio::awaitable<lease> call, const std::string& line, std::size_t depth)
    {
        auto r = run_.spawn(std::move(call));
        EXPECT_TRUE(eventually([&] { return server_.children(line).size() == depth; }));
        return r;
    }
};

const std::string line = "/locks/a";

TEST_F(family_cost, AReaderBesideReadersTakesOneRoundTrip)
{
    const auto s = open();
    turnstile::shared_mutex m{s, line};
    const auto one = wait(m.acquire_shared());
    const auto two = wait(m.acquire_shared());
    seam_.reset_counts();
    const auto three = wait(m.acquire_shared());
    EXPECT_THAT(verbs(), ElementsAre("create", "children"));
    EXPECT_EQ(seam_.round_trips(), 1U);
}

TEST_F(family_cost, AWriterBehindReadersIsServedByTheLastOfThemWithoutAsking)
{
    const auto holders = open();
    const auto s = open();
    std::vector<lease> reading;
    for (int i = 0; i < 8; ++i)
        reading.push_back(wait(turnstile::shared_mutex{holders, line}.acquire_shared()));
    auto ours = stand(turnstile::shared_mutex{s, line}.acquire(), line, 9);
    // The two nearest are watched. When the first of them goes it lists once more, and knows the last.
    EXPECT_TRUE(eventually([&] { return count_of_the_second("get") == 2; }));
    for (std::size_t i = 0; i < 7; ++i)
        wait(reading[i].release());
    EXPECT_TRUE(eventually([&] { return count_of_the_second("children") == 2; }));
    EXPECT_FALSE(ours.done(20ms));
    seam_.reset_counts();
    wait(reading[7].release());
    const auto granted = ours.get();
    EXPECT_THAT(until_the_grant(verbs_of_the_second()), IsEmpty());
}

TEST_F(family_cost, AReaderWatchesTheTwoNearestWritersAndIsServedByTheLastWithoutAsking)
{
    const auto holders = open();
    const auto s = open();
    auto writing = wait(turnstile::shared_mutex{holders, line}.acquire());
    auto next = stand(turnstile::shared_mutex{holders, line}.acquire(), line, 2);
    const auto reader_between = stand(turnstile::shared_mutex{holders, line}.acquire_shared(), line, 3);
    auto ours = stand(turnstile::shared_mutex{s, line}.acquire_shared(), line, 4);
    EXPECT_TRUE(eventually([&] { return count_of_the_second("get") == 2; }));
    EXPECT_EQ(count_of_the_second("children"), 1);
    wait(writing.release());
    auto also_writing = next.get();
    EXPECT_FALSE(ours.done(20ms));
    EXPECT_EQ(count_of_the_second("get"), 2) << "it watched both";
    seam_.reset_counts();
    wait(also_writing.release());
    const auto granted = ours.get();
    EXPECT_THAT(until_the_grant(verbs_of_the_second()), IsEmpty());
}

TEST_F(family_cost, AReaderBehindAWriterThatHasDowngradedSeesItByOneRead)
{
    const auto s = open();
    turnstile::shared_mutex m{s, line};
    const auto writing = wait(m.acquire());
    wait(turnstile::shared_mutex::downgrade(writing));
    seam_.reset_counts();
    const auto granted = wait(m.acquire_shared());
    EXPECT_THAT(until_the_grant(verbs()), ElementsAre("create", "children", "get"));
    EXPECT_EQ(round_trips_until_the_grant(), 2U);
}

TEST_F(family_cost, ADowngradeLetsAWaitingReaderInByOneRead)
{
    const auto holders = open();
    const auto s = open();
    const auto writing = wait(turnstile::shared_mutex{holders, line}.acquire());
    auto ours = stand(turnstile::shared_mutex{s, line}.acquire_shared(), line, 2);
    EXPECT_TRUE(eventually([&] { return server_.watch_count() > 0; }));
    seam_.reset_counts();
    wait(turnstile::shared_mutex::downgrade(writing));
    const auto granted = ours.get();
    EXPECT_THAT(until_the_grant(verbs_of_the_second()), ElementsAre("get"));
}

TEST_F(family_cost, ATryToReadWhereNobodyWritesIsTwoRoundTrips)
{
    const auto s = open();
    turnstile::shared_mutex m{s, line};
    const auto reading = wait(m.acquire_shared());
    seam_.reset_counts();
    const auto granted = wait(m.try_acquire_shared());
    EXPECT_TRUE(granted);
    EXPECT_THAT(verbs(), ElementsAre("children", "create", "children"));
    EXPECT_EQ(seam_.round_trips(), 2U);
}

TEST_F(family_cost, ATryToReadBehindAWriterThatHasDowngradedIsFourRoundTrips)
{
    const auto s = open();
    turnstile::shared_mutex m{s, line};
    const auto writing = wait(m.acquire());
    wait(turnstile::shared_mutex::downgrade(writing));
    seam_.reset_counts();
    const auto granted = wait(m.try_acquire_shared());
    EXPECT_TRUE(granted);
    EXPECT_THAT(until_the_grant(verbs()), ElementsAre("children", "get", "create", "children", "get"));
    EXPECT_EQ(round_trips_until_the_grant(), 4U);
}

TEST_F(family_cost, ATryToReadBehindOneWriterLooksAtIt)
{
    const auto s = open();
    turnstile::shared_mutex m{s, line};
    const auto writing = wait(m.acquire());
    seam_.reset_counts();
    EXPECT_FALSE(wait(m.try_acquire_shared()));
    EXPECT_THAT(verbs(), ElementsAre("children", "get"));
    EXPECT_EQ(seam_.round_trips(), 2U);
}

TEST_F(family_cost, ATryToReadBehindTwoWritersIsOneRead)
{
    const auto s = open();
    turnstile::shared_mutex m{s, line};
    const auto writing = wait(m.acquire());
    auto second = stand(m.acquire(), line, 2);
    seam_.reset_counts();
    EXPECT_FALSE(wait(m.try_acquire_shared()));
    EXPECT_EQ(seam_.count("children"), 1U);
    EXPECT_EQ(seam_.writes(), 0U);
}

TEST_F(family_cost, ADowngradeIsAReadAndAWrite)
{
    const auto s = open();
    const auto writing = wait(turnstile::shared_mutex{s, line}.acquire());
    seam_.reset_counts();
    wait(turnstile::shared_mutex::downgrade(writing));
    EXPECT_THAT(verbs(), ElementsAre("get", "set"));
    EXPECT_EQ(seam_.round_trips(), 2U);
}

TEST_F(family_cost, ASemaphoresMaximumIsOneRoundTripToReadAndToWrite)
{
    const auto s = open();
    semaphore limit{s, line};
    seam_.reset_counts();
    wait(limit.set_maximum(3));
    EXPECT_EQ(seam_.round_trips(), 1U);
    seam_.reset_counts();
    EXPECT_EQ(wait(limit.maximum()), 3U);
    EXPECT_THAT(verbs(), ElementsAre("get"));
}

TEST_F(family_cost, AWaiterForPermitsWatchesAsManyAsThereAreAndOneAndTheMaximum)
{
    constexpr std::uint32_t maximum = 5;
    const auto holders = open();
    const auto s = open();
    std::vector<lease> held;
    for (std::uint32_t i = 0; i < maximum; ++i)
        held.push_back(wait(semaphore{holders, line, maximum}.acquire()));
    std::vector<running<lease>> waiting;
    for (std::size_t i = 0; i < 8; ++i)
        waiting.push_back(stand(semaphore{holders, line, maximum}.acquire(), line, maximum + i + 1));
    auto ours = stand(semaphore{s, line, maximum}.acquire(), line, maximum + 9);
    // The maximum at the door; the nearest that fill it, and one; and the maximum again, watched.
    constexpr std::ptrdiff_t expected = 1 + (maximum + 1) + 1;
    EXPECT_TRUE(eventually([&] { return count_of_the_second("get") == expected; }));
    EXPECT_FALSE(ours.done(20ms));
    EXPECT_EQ(count_of_the_second("get"), expected);
    EXPECT_EQ(count_of_the_second("children"), 1);
}

TEST_F(family_cost, WithDifferentWeightsAListMayLieBetweenTheLastReleaseAndTheGrant)
{
    constexpr std::uint32_t maximum = 6;
    const auto holders = open();
    const auto s = open();
    std::vector<lease> held;
    for (const std::uint32_t weight : {1U, 1U, 1U, 1U, 2U})
        held.push_back(wait(semaphore{holders, line, maximum}.acquire(permits{weight}, 10s)));
    auto ours = stand(semaphore{s, line, maximum}.acquire(permits{5}, 10s), line, 6);
    // The nearest alone fills the line for us, so it and one more are watched: nobody tells of those before them.
    EXPECT_TRUE(eventually([&] { return count_of_the_second("get") == 1 + 2 + 1; }));
    for (const auto i : {0U, 1U, 2U})
        wait(held[i].release());
    EXPECT_FALSE(ours.done(20ms));
    EXPECT_EQ(count_of_the_second("children"), 1);
    seam_.reset_counts();
    wait(held[4].release());
    const auto granted = ours.get();
    EXPECT_THAT(until_the_grant(verbs_of_the_second()), ElementsAre("children"));
}

TEST_F(family_cost, AReleaseMakesAWaiterForPermitsListWhenItNoLongerSeesFarEnough)
{
    constexpr std::uint32_t maximum = 2;
    const auto holders = open();
    const auto s = open();
    const auto ask = [&](const session& who) { return semaphore{who, line, maximum}.acquire(10s); };
    auto one = wait(ask(holders));
    auto two = wait(ask(holders));
    auto third = stand(ask(holders), line, 3);
    auto fourth = stand(ask(holders), line, 4);
    auto fifth = stand(ask(holders), line, 5);
    auto ours = stand(ask(s), line, 6);
    EXPECT_TRUE(eventually([&] { return count_of_the_second("get") == 1 + 3 + 1; }));
    seam_.reset_counts();
    wait(one.release());
    auto three = third.get();
    EXPECT_FALSE(ours.done(20ms));
    EXPECT_THAT(verbs_of_the_second(), IsEmpty()) << "of one that it does not watch it is not told";
    wait(three.release());
    auto four = fourth.get();
    EXPECT_TRUE(eventually([&] { return count_of_the_second("get") == 1; }));
    EXPECT_FALSE(ours.done(20ms));
    EXPECT_THAT(verbs_of_the_second(), ElementsAre("children", "get"));
    wait(two.release());
    auto five = fifth.get();
    EXPECT_FALSE(ours.done(20ms));
    seam_.reset_counts();
    wait(four.release());
    const auto granted = ours.get();
    EXPECT_THAT(until_the_grant(verbs_of_the_second()), IsEmpty());
}

TEST_F(family_cost, AChangeOfTheMaximumIsOneReadForAWaiter)
{
    const auto holders = open();
    const auto s = open();
    const auto held = wait(semaphore{holders, line, 1}.acquire());
    auto ours = stand(semaphore{s, line, 1}.acquire(), line, 2);
    // The holder's node and the maximum.
    EXPECT_TRUE(eventually([&] { return server_.watch_count() == 2; }));
    seam_.reset_counts();
    wait(semaphore{holders, line}.set_maximum(2));
    const auto granted = ours.get();
    EXPECT_THAT(until_the_grant(verbs_of_the_second()), ElementsAre("get"));
}

TEST_F(family_cost, AnotherMaximumIsRefusedAfterOneRoundTripAndItsPlaceGivenBackInTheBackground)
{
    const auto s = open();
    const auto held = wait(semaphore{s, line, 3}.acquire());
    seam_.reset_counts();
    EXPECT_THROW(wait(semaphore{s, line, 4}.acquire()), error);
    wait(s.swept(10s));
    EXPECT_THAT(verbs(), ElementsAre("create", "children", "get", "erase"));
    EXPECT_EQ(seam_.round_trips(), 1U + 1U);
}

TEST_F(family_cost, InspectionIsTwoRoundTrips)
{
    const auto s = open();
    const auto held = wait(semaphore{s, line, 3}.acquire());
    const auto led = wait(leader_election{s, "/leader", "a"}.campaign());
    seam_.reset_counts();
    EXPECT_EQ(wait(semaphore{s, line, 3}.line()).size(), 1U);
    EXPECT_EQ(seam_.round_trips(), 2U);
    seam_.reset_counts();
    EXPECT_TRUE(wait(leader_election{s, "/leader"}.leader()));
    EXPECT_EQ(seam_.round_trips(), 2U);
    seam_.reset_counts();
    EXPECT_EQ(wait(leader_election{s, "/leader"}.participants()).size(), 1U);
    EXPECT_EQ(seam_.round_trips(), 2U);
}

TEST_F(family_cost, ALookForTheLeaderIsTwoRoundTripsAndThreeWhenThereIsNoElectionYet)
{
    const auto s = open();
    seam_.reset_counts();
    auto nobody = leader_election{s, "/leader"}.observe();
    EXPECT_FALSE(wait(nobody.next()));
    EXPECT_THAT(verbs(), ElementsAre("children", "children", "exists"));
    EXPECT_EQ(seam_.round_trips(), 3U);
    const auto led = wait(leader_election{s, "/leader", "a"}.campaign());
    seam_.reset_counts();
    auto leaders = leader_election{s, "/leader"}.observe();
    EXPECT_TRUE(wait(leaders.next()));
    EXPECT_THAT(verbs(), ElementsAre("children", "get"));
    auto news = run_.spawn(leaders.next());
    EXPECT_FALSE(news.done(20ms));
    EXPECT_EQ(verbs().size(), 2U) << "it waits for the event of the watch that the first look has left";
}

TEST_F(family_cost, ALookForTheLeaderWhenNobodyLeadsIsTwoLists)
{
    const auto s = open();
    wait(wait(leader_election{s, "/leader", "a"}.campaign()).release());
    seam_.reset_counts();
    auto nobody = leader_election{s, "/leader"}.observe();
    EXPECT_FALSE(wait(nobody.next()));
    EXPECT_THAT(verbs(), ElementsAre("children", "children"));
    EXPECT_EQ(seam_.round_trips(), 2U);
}

TEST_F(family_cost, SeveralLocksAreOneTransactionHoweverManyTheyAre)
{
    const auto s = open();
    multi_lock all{s, {"/k/a", "/k/b", "/k/c", "/k/d", "/k/e"}};
    wait(wait(all.acquire()).release());
    seam_.reset_counts();
    const auto held = wait(all.acquire());
    EXPECT_EQ(seam_.count("commit"), 1U);
    EXPECT_EQ(seam_.count("children"), 5U);
    EXPECT_EQ(seam_.round_trips(), 1U);
}

TEST_F(family_cost, AskingAndForcingAreTwoRoundTripsEach)
{
    const auto s = open();
    auto held = wait(mutex{s, line}.acquire());
    const auto whom = wait(mutex{s, line}.line()).at(0);
    seam_.reset_counts();
    EXPECT_TRUE(wait(request_release(s, line, whom, "x")));
    EXPECT_THAT(verbs(), ElementsAre("get", "set"));
    EXPECT_EQ(seam_.round_trips(), 2U);
    seam_.reset_counts();
    EXPECT_TRUE(wait(force_release(s, line, whom, "x")));
    EXPECT_EQ(seam_.round_trips(), 2U);
    seam_.reset_counts();
    EXPECT_EQ(wait(forced_releases(s)).size(), 1U);
    EXPECT_EQ(seam_.round_trips(), 2U);
}

}  // namespace
}  // namespace turnstile::test

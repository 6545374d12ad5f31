// Decisions of a waiter, without any server: what is known in, one decision out.
#include "recipes/detail/standing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <set>

namespace turnstile::detail {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string name(int n) { return fmt::format("x.{}-lock-{:010}", n, n); }

std::vector<std::string> line(std::initializer_list<int> numbers)
{
    std::vector<std::string> out;
    for (const int n : numbers)
        out.push_back(name(n));
    return out;
}

standing waiter(int n) { return standing{place{n, name(n)}}; }

std::vector<std::string> looked_up(const standing& s)
{
    std::vector<std::string> out;
    for (const auto& g : s.to_look())
        out.push_back((g.watch ? "watch " : "look ") + g.name);
    return out;
}

void look_finds_all(standing& s)
{
    for (const auto& g : s.to_look())
        s.seen(g.name, g.watch);
}

TEST(standing, TheLowestNumberIsServed)
{
    auto s = waiter(1);
    s.listed(line({3, 1, 2}));
    EXPECT_EQ(s.next(), need::nothing);
}

TEST(standing, TheSecondWatchesTheHolderOnly)
{
    auto s = waiter(2);
    s.listed(line({1, 2, 3}));
    EXPECT_EQ(s.next(), need::look);
    EXPECT_THAT(looked_up(s), ElementsAre("watch " + name(1)));
    look_finds_all(s);
    EXPECT_EQ(s.next(), need::wait);
}

TEST(standing, WhenTheHolderGoesTheSecondIsServedWithoutAsking)
{
    auto s = waiter(2);
    s.listed(line({1, 2}));
    look_finds_all(s);
    s.went(name(1));
    EXPECT_EQ(s.next(), need::nothing);
}

TEST(standing, TheTwoNearestAreWatched)
{
    auto s = waiter(4);
    s.listed(line({1, 2, 3, 4}));
    EXPECT_THAT(looked_up(s), ElementsAre("watch " + name(3), "watch " + name(2)));
}

TEST(standing, AMiddleWaiterThatGivesUpServesNobody)
{
    auto s = waiter(3);
    s.listed(line({1, 2, 3}));
    look_finds_all(s);
    s.went(name(2));
    EXPECT_EQ(s.next(), need::wait) << "the holder is watched already";
    s.went(name(1));
    EXPECT_EQ(s.next(), need::nothing);
}

TEST(standing, WhenTheOneTwoAheadGoesTheFewOthersAreLookedUpByName)
{
    auto s = waiter(4);
    s.listed(line({1, 2, 3, 4}));
    look_finds_all(s);
    s.went(name(2));  // it held: 1 has gone long ago, unseen
    EXPECT_EQ(s.next(), need::look);
    EXPECT_THAT(looked_up(s), ElementsAre("watch " + name(1)));
    s.went(name(1));
    EXPECT_EQ(s.next(), need::wait);
    s.went(name(3));
    EXPECT_EQ(s.next(), need::nothing) << "known to hold: no question between its release and our turn";
}

TEST(standing, DeepInTheLineOnlyTheTwoNearestAreKept)
{
    auto s = waiter(9);
    s.listed(line({1, 2, 3, 4, 5, 6, 7, 8, 9}));
    EXPECT_THAT(looked_up(s), ElementsAre("watch " + name(8), "watch " + name(7)));
    look_finds_all(s);
    s.went(name(7));
    EXPECT_EQ(s.next(), need::list) << "in time, while 8 holds";
    s.listed(line({8, 9}));
    EXPECT_EQ(s.next(), need::wait) << "8 is watched already";
    s.went(name(8));
    EXPECT_EQ(s.next(), need::nothing);
}

TEST(standing, DeepInTheLineAPredecessorThatGivesUpIsNoGrant)
{
    auto s = waiter(9);
    s.listed(line({1, 2, 3, 4, 5, 6, 7, 8, 9}));
    look_finds_all(s);
    s.went(name(8));
    EXPECT_EQ(s.next(), need::list);
    s.went(name(7));
    EXPECT_EQ(s.next(), need::list) << "both watched ones went, and still nothing is known of the others";
}

TEST(standing, ChangedDataOnlyMeansToWatchAgain)
{
    auto s = waiter(2);
    s.listed(line({1, 2}));
    look_finds_all(s);
    s.stirred(name(1));
    EXPECT_EQ(s.next(), need::look);
    EXPECT_THAT(looked_up(s), ElementsAre("watch " + name(1)));
}

TEST(standing, ALookThatFindsNobodyCountsAsGone)
{
    auto s = waiter(2);
    s.listed(line({1, 2}));
    s.went(name(1));
    EXPECT_EQ(s.next(), need::nothing);
}

TEST(standing, WithoutOurOwnNodeNothingIsEverGranted)
{
    auto s = waiter(2);
    s.listed(line({3}));
    EXPECT_EQ(s.next(), need::gone);
}

TEST(standing, AGuardedWaiterWhoseNodeWasRemovedIsNotServed)
{
    auto s = waiter(2);
    s.listed(line({1, 2}));
    s.guard_own();
    EXPECT_THAT(looked_up(s), ElementsAre("watch " + name(1), "watch " + name(2)));
    look_finds_all(s);
    s.went(name(2));
    s.went(name(1));
    EXPECT_EQ(s.next(), need::gone);
}

TEST(standing, NewsOfStrangersChangeNothing)
{
    auto s = waiter(2);
    s.listed(line({1, 2}));
    look_finds_all(s);
    s.went(name(7));
    s.stirred("config");
    EXPECT_EQ(s.next(), need::wait);
    EXPECT_THAT(s.to_look(), IsEmpty());
}

/// A line in which members leave at random; the waiter's watches and looks are answered truly. It must be served exactly
/// when nobody is ahead, and never get stuck.
TEST(standing, IsServedExactlyWhenEverybodyAheadHasGone)
{
    for (unsigned seed = 0; seed < 3000; ++seed) {
        std::minstd_rand random{seed};
        const int own = 1 + static_cast<int>(random() % 14);
        std::set<int> present;
        for (int n = 0; n <= own + 2; ++n)
            present.insert(n);
        const auto list = [&] {
            std::vector<std::string> out;
            for (const int n : present)
                out.push_back(name(n));
            std::shuffle(out.begin(), out.end(), random);
            return out;
        };
        auto s = waiter(own);
        s.listed(list());
        std::set<std::string> watched;
        int lists = 1;
        bool fifo = true;
        while (s.next() != need::nothing) {
            const bool somebody_leaves = random() % 2 == 0 || s.next() == need::wait;
            if (somebody_leaves) {
                auto leaver = present.begin();
                if (random() % 3 == 0) {
                    std::advance(leaver, random() % static_cast<unsigned>(own));
                    if (leaver == present.end() || *leaver >= own)
                        leaver = present.begin();
                }
                if (*leaver >= own)
                    continue;
                fifo = fifo && leaver == present.begin();
                const auto gone = name(*leaver);
                present.erase(leaver);
                if (watched.erase(gone) != 0)
                    s.went(gone);
                continue;
            }
            if (s.next() == need::list) {
                s.listed(list());
                ++lists;
            } else if (s.next() == need::look) {
                for (const auto& g : s.to_look()) {
                    const int n = static_cast<int>(parse_place(g.name)->sequence);
                    if (!present.contains(n)) {
                        s.went(g.name);
                        continue;
                    }
                    if (g.watch)
                        watched.insert(g.name);
                    s.seen(g.name, g.watch);
                }
            }
        }
        EXPECT_EQ(*present.begin(), own) << "served too early, seed " << seed;
        if (fifo) {
            EXPECT_LE(lists, 2) << "seed " << seed;
        }
    }
}

}  // namespace
}  // namespace turnstile::detail

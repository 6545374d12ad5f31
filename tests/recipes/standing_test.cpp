// Decisions of a waiter, without any server: what is known in, one decision out.
#include "recipes/detail/standing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <algorithm>
#include <map>
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

// ---- Readers and writers ------------------------------------------------------------------------------------------------

std::string writer(int n) { return fmt::format("w.{}-__WRIT__{:010}", n, n); }
std::string reader(int n) { return fmt::format("r.{}-__READ__{:010}", n, n); }

TEST(standing, AReaderWaitsForTheWritersAheadAndForNobodyElse)
{
    standing s{place{4, reader(4)}};
    s.listed({writer(1), reader(2), writer(3), reader(4), writer(5)});
    EXPECT_THAT(looked_up(s), ElementsAre("watch " + writer(3), "watch " + writer(1)));
    look_finds_all(s);
    s.went(writer(1));
    s.went(writer(3));
    EXPECT_EQ(s.next(), need::nothing);
}

TEST(standing, AReaderAmongReadersIsServed)
{
    standing s{place{3, reader(3)}};
    s.listed({reader(1), reader(2), reader(3), writer(4)});
    EXPECT_EQ(s.next(), need::nothing);
}

TEST(standing, AWriterThatHasBecomeAReaderLetsReadersByAndNoWriter)
{
    standing reads{place{2, reader(2)}};
    reads.listed({writer(1), reader(2), writer(3)});
    reads.downgraded(writer(1));
    EXPECT_EQ(reads.next(), need::nothing);
    standing writes{place{3, writer(3)}};
    writes.listed({writer(1), reader(2), writer(3)});
    writes.downgraded(writer(1));
    EXPECT_EQ(writes.next(), need::look);
}

TEST(standing, AfterAForeignWriterAWriterLooksAgainForWhomItHasPutInFront)
{
    const std::string foreign = "_c_1f5e6bca-6f6f-4f8b-bb5e-c8a1b0b8c8c8-__WRIT__0000000001";
    const std::string inserted = "_c_1f5e6bca-6f6f-4f8b-bb5e-c8a1b0b8c8c9-__READ__0000000001";
    standing s{place{2, writer(2)}};
    s.listed({foreign, writer(2)});
    look_finds_all(s);
    s.went(foreign);
    EXPECT_EQ(s.next(), need::list);
    s.listed({inserted, writer(2)});
    EXPECT_EQ(s.next(), need::look);
    look_finds_all(s);
    s.went(inserted);
    EXPECT_EQ(s.next(), need::nothing);
}

// ---- Permits ------------------------------------------------------------------------------------------------------------

std::string permits(int n, unsigned weight) { return fmt::format("s.{}*{}-lock-{:010}", n, weight, n); }

standing semaphore_waiter(int n, unsigned weight, unsigned capacity)
{
    standing s{place{n, permits(n, weight)}};
    s.set_capacity(capacity);
    return s;
}

TEST(standing, WhoFitsIsServed)
{
    auto s = semaphore_waiter(3, 2, 5);
    s.listed({permits(1, 2), permits(2, 1), permits(3, 2), permits(4, 5)});
    EXPECT_EQ(s.next(), need::nothing);
}

TEST(standing, WhoDoesNotFitWatchesAllThatFillTheLine)
{
    auto s = semaphore_waiter(4, 1, 3);
    s.listed({permits(1, 1), permits(2, 1), permits(3, 1), permits(4, 1)});
    EXPECT_EQ(s.to_look().size(), 3U);
    look_finds_all(s);
    s.went(permits(2, 1));  // any of them will do
    EXPECT_EQ(s.next(), need::nothing);
}

TEST(standing, ALargerCapacityServesAndASmallerKeepsWaiting)
{
    auto s = semaphore_waiter(3, 1, 2);
    s.listed({permits(1, 1), permits(2, 1), permits(3, 1)});
    EXPECT_NE(s.next(), need::nothing);
    s.set_capacity(3);
    EXPECT_EQ(s.next(), need::nothing);
    s.set_capacity(1);
    look_finds_all(s);
    s.went(permits(1, 1));
    EXPECT_EQ(s.next(), need::wait);
}

/// A line of a semaphore in which members leave at random and the maximum changes: a waiter is served exactly when those
/// ahead of it and itself fit, and never sleeps through it.
TEST(standing, IsServedExactlyWhenItFits)
{
    for (unsigned seed = 0; seed < 4000; ++seed) {
        std::minstd_rand random{seed};
        unsigned capacity = 1 + random() % 9;
        const unsigned weight = 1 + random() % capacity;
        const int own = 1 + static_cast<int>(random() % 16);
        std::map<int, unsigned> present;
        for (int n = 0; n <= own + 2; ++n)
            present[n] = 1 + random() % 9;
        present[own] = weight;
        const auto ahead = [&] {
            unsigned sum = 0;
            for (const auto& [n, w] : present)
                sum += n < own ? w : 0;
            return sum;
        };
        const auto list = [&] {
            std::vector<std::string> out;
            for (const auto& [n, w] : present)
                out.push_back(permits(n, w));
            std::shuffle(out.begin(), out.end(), random);
            return out;
        };
        auto s = semaphore_waiter(own, weight, capacity);
        s.listed(list());
        std::set<std::string> watched;
        while (s.next() != need::nothing) {
            ASSERT_FALSE(s.next() == need::wait && ahead() + weight <= capacity) << "sleeps, seed " << seed;
            if (random() % 2 == 0 || s.next() == need::wait) {
                if (random() % 8 == 0) {
                    capacity = std::max(weight, capacity + static_cast<unsigned>(random() % 3) - 1);
                    s.set_capacity(capacity);
                    continue;
                }
                auto leaver = present.begin();
                std::advance(leaver, random() % static_cast<unsigned>(present.size()));
                if (leaver->first >= own)
                    leaver = present.begin();
                if (leaver->first >= own)
                    continue;
                const auto gone = permits(leaver->first, leaver->second);
                present.erase(leaver);
                if (watched.erase(gone) != 0)
                    s.went(gone);
            } else if (s.next() == need::list) {
                s.listed(list());
            } else {
                for (const auto& g : s.to_look()) {
                    if (!present.contains(static_cast<int>(parse_place(g.name)->sequence))) {
                        s.went(g.name);
                        continue;
                    }
                    if (g.watch)
                        watched.insert(g.name);
                    s.seen(g.name, g.watch);
                }
            }
        }
        EXPECT_LE(ahead() + weight, capacity) << "served too early, seed " << seed;
    }
}

}  // namespace
}  // namespace turnstile::detail

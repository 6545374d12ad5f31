// What waiters of one session may leave unasked because others of them know it, and what they may not.
#include "recipes/detail/line_book.hpp"
#include "recipes/detail/standing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace turnstile::detail {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr line_book::made directory = 7;

std::string name(int n) { return fmt::format("x.{}-lock-{:010}", n, n); }
place at(int n) { return {n, name(n)}; }

std::vector<std::string> line(const std::set<int>& numbers)
{
    std::vector<std::string> out;
    for (const int n : numbers)
        out.push_back(name(n));
    return out;
}

std::vector<std::int64_t> shown_before(const line_book& book, int n)
{
    std::vector<std::int64_t> numbers;
    const auto ahead = book.before(at(n));
    EXPECT_TRUE(ahead);
    if (ahead)
        for (const auto& p : ahead->nearest)
            numbers.push_back(p.sequence);
    return numbers;
}

TEST(line_book, ShowsThoseOfAListWhoStandBeforeAPlaceOfIt)
{
    line_book book;
    book.listed(line({3, 1, 2}), directory);
    EXPECT_THAT(shown_before(book, 3), ElementsAre(1, 2));
    EXPECT_THAT(shown_before(book, 1), IsEmpty());
    EXPECT_FALSE(book.before(at(4)));
}

TEST(line_book, ShowsTheNearestAndHowManyThereAreBeforeThem)
{
    line_book book;
    book.listed(line({1, 2, 3, 4, 5, 6, 7, 8, 9}), directory);
    EXPECT_THAT(shown_before(book, 9), ElementsAre(5, 6, 7, 8));
    EXPECT_EQ(book.before(at(9))->beyond, 4U);
}

TEST(line_book, APlaceJustBehindTheLastOneNeedsNoList)
{
    line_book book;
    book.listed(line({1, 2}), directory);
    EXPECT_TRUE(book.entered(at(3), directory));
    EXPECT_TRUE(book.entered(at(4), directory));
    EXPECT_TRUE(book.complete());
    EXPECT_THAT(shown_before(book, 4), ElementsAre(1, 2, 3));
}

TEST(line_book, BehindAPlaceOfSomebodyElseAListIsNeeded)
{
    line_book book;
    book.listed(line({1, 2}), directory);
    EXPECT_FALSE(book.entered(at(4), directory));
    EXPECT_FALSE(book.complete());
    EXPECT_FALSE(book.before(at(4)));
    EXPECT_FALSE(book.entered(at(5), directory)) << "4 is not in the book";
    book.listed(line({1, 2, 3, 4, 5}), directory);
    EXPECT_TRUE(book.entered(at(6), directory));
}

TEST(line_book, InAnotherDirectoryOfTheSameNameNothingIsKnown)
{
    line_book book;
    book.listed(line({1, 2}), directory);
    EXPECT_FALSE(book.entered(at(3), directory + 1));
    EXPECT_FALSE(book.entered(at(3), 0)) << "nor where that was not asked";
    book.listed(line({1}), directory + 1);
    EXPECT_FALSE(book.before(at(2)));
    EXPECT_FALSE(book.entered(at(3), directory + 1)) << "the numbers begin anew";
    EXPECT_TRUE(book.entered(at(2), directory + 1));
}

TEST(line_book, WhoWasSeenGoneIsNotShown)
{
    line_book book;
    book.listed(line({1, 2, 3}), directory);
    book.gone(name(2));
    book.gone("config");
    EXPECT_THAT(shown_before(book, 3), ElementsAre(1));
    EXPECT_FALSE(book.before(at(2)));
}

TEST(line_book, WhoHasGoneStillHadANumber)
{
    line_book book;
    book.listed(line({1, 2, 3}), directory);
    book.gone(name(3));
    EXPECT_FALSE(book.entered(at(3), directory));
    EXPECT_TRUE(book.entered(at(4), directory));
}

TEST(line_book, AListThatComesLateLosesNobodyWhoCameSince)
{
    line_book book;
    book.listed(line({1, 2, 3}), directory);
    ASSERT_TRUE(book.entered(at(4), directory));
    book.listed(line({2, 3}), directory);
    EXPECT_THAT(shown_before(book, 4), ElementsAre(2, 3));
    EXPECT_TRUE(book.entered(at(5), directory));
}

TEST(line_book, AListThatShowsNobodyBehindDoesNotGiveNumbersAway)
{
    line_book book;
    book.listed(line({1, 2, 3}), directory);
    book.listed(line({1}), directory);
    EXPECT_FALSE(book.entered(at(2), directory));
    EXPECT_TRUE(book.entered(at(4), directory));
}

TEST(line_book, NothingIsCertainBesideSomebodyWhoMayPutOthersInFront)
{
    const std::string foreign = "_c_1f5e6bca-6f6f-4f8b-bb5e-c8a1b0b8c8c8-__WRIT__0000000002";
    line_book book;
    book.listed({name(1), foreign, name(3)}, directory);
    EXPECT_FALSE(book.before(at(3)));
    EXPECT_FALSE(book.entered(at(4), directory));
}

/// A line of one session's waiters and of others, who come, give up and are served in any order. The waiters know what the
/// book shows them, and are told of the places that they watch; nobody may be served before its time, and nobody forgotten.
class crowd {
public:
    explicit crowd(unsigned seed) : random_{seed} {}

    void run()
    {
        for (int step = 0; step < 400; ++step)
            take_step(step < 300);
        for (int patience = 0; patience < 200'000 && !waiting_.empty(); ++patience)
            take_step(false);
        EXPECT_TRUE(waiting_.empty()) << "somebody is stuck";
    }

private:
    struct waiter {
        int number;
        standing knows;
        std::set<int> watched;
        std::deque<int> news;  ///< of what was watched, not yet heard
    };

    bool one_in(unsigned n) { return random_() % n == 0; }

    void take_step(bool come)
    {
        if (come && one_in(2))
            return one_in(4) ? others_come() : comes();
        if (!waiting_.empty() && !one_in(4))
            return asks_or_hears(waiting_[random_() % waiting_.size()]);
        leaves();
    }

    void others_come() { present_.insert(next_++); }

    void comes()
    {
        const int n = next_++;
        present_.insert(n);
        waiting_.push_back({n, standing{at(n)}, {}, {}});
        auto& w = waiting_.back();
        if (book_.entered(at(n), directory))
            read_book(w);
        else
            list(w);
        check(w);
    }

    /// Usually the first one, and it is served; sometimes another, who has given up.
    void leaves()
    {
        if (present_.empty())
            return;
        auto who = present_.begin();
        if (one_in(5))
            std::advance(who, random_() % present_.size());
        const int gone = *who;
        const auto ours = std::find_if(waiting_.begin(), waiting_.end(), [&](const waiter& w) { return w.number == gone; });
        if (ours != waiting_.end() && who == present_.begin() && ours->knows.next() != need::nothing)
            return;  // it does not know yet
        present_.erase(who);
        if (ours != waiting_.end())
            waiting_.erase(ours);
        for (auto& w : waiting_)
            if (w.watched.erase(gone) != 0)
                w.news.push_back(gone);
    }

    void asks_or_hears(waiter& w)
    {
        if (!w.news.empty()) {
            const auto gone = name(w.news.front());
            w.news.pop_front();
            w.knows.went(gone);
            book_.gone(gone);
            if (w.knows.out_of_sight())
                read_book(w);
        } else if (w.knows.next() == need::list) {
            list(w);
        } else if (w.knows.next() == need::look) {
            look(w);
        }
        check(w);
    }

    void read_book(waiter& w)
    {
        if (const auto ahead = book_.before(at(w.number)))
            w.knows.told(ahead->nearest, ahead->beyond);
    }

    void list(waiter& w)
    {
        w.knows.listed(line(present_));
        book_.listed(line(present_), directory);
    }

    void look(waiter& w)
    {
        for (const auto& g : w.knows.to_look()) {
            const int n = static_cast<int>(parse_place(g.name)->sequence);
            if (!present_.contains(n)) {
                w.knows.went(g.name);
                book_.gone(g.name);
                continue;
            }
            if (g.watch)
                w.watched.insert(n);
            w.knows.seen(g.name, g.watch);
        }
    }

    void check(const waiter& w) const
    {
        if (w.knows.next() == need::nothing) {
            ASSERT_EQ(*present_.begin(), w.number) << "served too early";
        }
    }

    std::minstd_rand random_;
    line_book book_;
    std::set<int> present_;
    std::deque<waiter> waiting_;
    int next_ = 0;
};

TEST(line_book, NobodyIsServedBeforeItsTimeOrForgotten)
{
    for (unsigned seed = 0; seed < 100 && !::testing::Test::HasFailure(); ++seed) {
        SCOPED_TRACE(seed);
        crowd{seed}.run();
    }
}

}  // namespace
}  // namespace turnstile::detail

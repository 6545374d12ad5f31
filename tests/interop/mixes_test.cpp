// What the other libraries call their places, and which mixes of them do not work: each claim of docs/interop.md about that,
// seen. (Those that do work are played by interop.cpp.)
#include "arena.hpp"

#include "../support/eventually.hpp"

#include <turnstile/recipes/mutex.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace turnstile::interop {
namespace {

using namespace std::chrono_literals;
using test::eventually;
using ::testing::ElementsAre;
using testing::history_event;
using testing::history_event_type;
using ::testing::MatchesRegex;

constexpr auto patience = 30s;
constexpr auto digits = "[0-9]{10}";

class line_of_languages : public ::testing::Test {
protected:
    ~line_of_languages() override
    {
        if (!HasFailure())
            std::filesystem::remove_all(arena_.ground().directory);
    }
    arena& where() { return arena_; }

    contender_options as(language l, const std::string& kind)
    {
        contender_options o{l, std::string{name_of(l)} + "-" + std::to_string(contenders_.size() + 1)};
        o.as = kind;
        o.stay = arena_.file(o.name + ".stay");
        o.go_on = arena_.file(o.name + ".go-on");
        return o;
    }

    /// Returns its name when it stands in the line, whether it was granted or not.
    std::string enter(contender_options how)
    {
        const auto before = arena_.places().size();
        contenders_.push_back(std::make_unique<contender>(how, arena_.ground()));
        EXPECT_TRUE(eventually([&] { return arena_.places().size() > before; }, patience)) << how.name;
        return how.name;
    }
    std::string enter(language l, const std::string& kind) { return enter(as(l, kind)); }
    std::string enter_kazoo(const std::string& kind, const std::string& names)
    {
        auto how = as(language::kazoo, kind);
        how.names = names;
        return enter(std::move(how));
    }

    bool is_granted(const std::string& name, int nth = 1)
    {
        return eventually([&] { return arena_.granted(name, nth); }, patience);
    }

    /// Nobody asks any more, and this one gives up what it holds.
    void send_away(const std::string& name)
    {
        arena_.call_time();
        arena_.make(arena_.file(name + ".stay"));
        for (auto& c : contenders_)
            if (c->name() == name) {
                EXPECT_TRUE(c->ended_within(patience)) << name;
            }
    }

    /// A turn of this process, as far as the history is concerned.
    lease take_turn(const std::string& op)
    {
        mutex line{arena_.outsider(), arena_.ground().path};
        arena_.log().append(history_event{history_event_type::invoke, op, arena_.ground().key});
        auto held = arena_.outsider().wait(line.acquire(patience));
        arena_.log().append(event_of(history_event_type::granted, op, held));
        return held;
    }
    void give_back(const std::string& op, lease held)
    {
        arena_.log().append(event_of(history_event_type::released, op, held));
        arena_.outsider().wait(held.release());
    }
    bool try_turn()
    {
        mutex line{arena_.outsider(), arena_.ground().path};
        return arena_.outsider().wait(line.try_acquire(patience)).has_value();
    }

    /// How often a rule was broken, as the judge finds.
    std::int64_t violations(const std::string& rule)
    {
        testing::judge_options how;
        how.required.clear();
        verdict_ = testing::judge(arena_.history(), how);
        const auto found = std::ranges::find(verdict_.rules, rule, &testing::history_rule_finding::rule);
        EXPECT_NE(found, verdict_.rules.end()) << rule;
        return found->violations;
    }

    /// Somebody waits for this place to go.
    bool is_watched(const std::string& place)
    {
        return arena_.servers().four_letter("wchp").find(arena_.ground().path + "/" + place) != std::string::npos;
    }

private:
    static std::filesystem::path directory()
    {
        const auto* const test = ::testing::UnitTest::GetInstance()->current_test_info();
        return std::filesystem::temp_directory_path() / ("interop-" + std::to_string(::getpid())) / test->name();
    }
    history_event event_of(history_event_type type, const std::string& op, const lease& held) const
    {
        history_event e{type, op, arena_.ground().key, held.token()};
        e.held_until = held.held_until().time_since_epoch();
        return e;
    }

    arena arena_{directory()};
    std::vector<std::unique_ptr<contender>> contenders_;
    testing::history_verdict verdict_;
};

const auto curators = std::string{"_c_[0-9a-f-]{36}-"};
const auto kazoos = std::string{"[0-9a-f]{32}"};

using names_of_places = line_of_languages;

TEST_F(names_of_places, OfCuratorsMutex)
{
    enter(language::curator, "mutex");
    EXPECT_THAT(where().places(), ElementsAre(MatchesRegex(curators + "lock-" + digits)));
}

TEST_F(names_of_places, OfCuratorsReadersAndWriters)
{
    enter(language::curator, "reader");
    enter(language::curator, "writer");
    EXPECT_THAT(where().places(),
                ElementsAre(MatchesRegex(curators + "__READ__" + digits), MatchesRegex(curators + "__WRIT__" + digits)));
}

TEST_F(names_of_places, OfKazoosLockAndWriteLockAndReadLock)
{
    enter_kazoo("mutex", "own");
    enter_kazoo("writer", "own");
    enter_kazoo("reader", "own");
    EXPECT_THAT(where().places(),
                ElementsAre(MatchesRegex(kazoos + "__lock__" + digits), MatchesRegex(kazoos + "__lock__" + digits),
                            MatchesRegex(kazoos + "__rlock__" + digits)));
}

TEST_F(names_of_places, OfKazooWhenItNamesItsPlacesAsTheOthersDo)
{
    enter_kazoo("mutex", "shared");
    enter_kazoo("writer", "shared");
    enter_kazoo("reader", "shared");
    EXPECT_THAT(where().places(),
                ElementsAre(MatchesRegex(kazoos + "-lock-" + digits), MatchesRegex(kazoos + "__WRIT__" + digits),
                            MatchesRegex(kazoos + "__READ__" + digits)));
}

using a_mix_that_does_not_work = line_of_languages;

TEST_F(a_mix_that_does_not_work, KazooThatWasNotToldOfUsComesInWhileWeHold)
{
    auto ours = take_turn("ours");
    const auto theirs = enter_kazoo("mutex", "own");
    EXPECT_TRUE(is_granted(theirs)) << "it does not look for our names";
    EXPECT_TRUE(ours.held());
    give_back("ours", std::move(ours));
    EXPECT_FALSE(try_turn()) << "we see it, and wait";
    send_away(theirs);
    EXPECT_EQ(violations("holders_exclude"), 1) << "the judge saw it";
    EXPECT_TRUE(try_turn());
}

TEST_F(a_mix_that_does_not_work, CuratorDoesNotSeeKazoosOwnNames)
{
    const auto kazoo = enter_kazoo("mutex", "told");
    ASSERT_TRUE(is_granted(kazoo));
    const auto curator = enter(language::curator, "mutex");
    EXPECT_TRUE(is_granted(curator)) << "to it, kazoo's place is behind every number";
    EXPECT_FALSE(try_turn()) << "we see both";
    send_away(curator);
    EXPECT_FALSE(try_turn());
    send_away(kazoo);
    EXPECT_EQ(violations("holders_exclude"), 1);
    EXPECT_TRUE(try_turn());
}

TEST_F(a_mix_that_does_not_work, CuratorsMutexAndItsReadWriteLockOnOnePath)
{
    const auto alone = enter(language::curator, "mutex");
    ASSERT_TRUE(is_granted(alone));
    const auto writer = enter(language::curator, "writer");
    EXPECT_TRUE(is_granted(writer)) << "neither looks for the other's names";
    send_away(alone);
    send_away(writer);
    EXPECT_EQ(violations("holders_exclude"), 1);
}

TEST_F(a_mix_that_does_not_work, CuratorBehindAChildThatIsNoPlace)
{
    const auto& path = where().ground().path;
    where().outsider().wait(where().outsider()->create_containers(path));
    where().outsider().wait(where().outsider()->create(path + "/0"));
    EXPECT_TRUE(try_turn()) << "not a place: none of our business";
    const auto curator = enter(language::curator, "mutex");
    EXPECT_TRUE(eventually([&] { return is_watched("0"); }, patience)) << "it waits for that child to go";
    EXPECT_FALSE(where().granted(curator));
    where().outsider().wait(where().outsider()->erase(path + "/0"));
    EXPECT_TRUE(is_granted(curator));
}

TEST_F(a_mix_that_does_not_work, KazoosOwnReadLockAndAWriterBehindItWaitForEachOther)  // kazoo issue 649
{
    const auto first = enter_kazoo("writer", "own");
    ASSERT_TRUE(is_granted(first));
    const auto reader = enter_kazoo("reader", "own");
    const auto second = enter_kazoo("writer", "own");
    send_away(first);
    const auto left = where().places();
    ASSERT_THAT(left, ElementsAre(MatchesRegex(kazoos + "__rlock__" + digits), MatchesRegex(kazoos + "__lock__" + digits)));
    // Each waits for the other to go, and nobody else is there: a circle.
    EXPECT_TRUE(eventually([&] { return is_watched(left[0]) && is_watched(left[1]); }, patience));
    EXPECT_FALSE(where().granted(reader));
    EXPECT_FALSE(where().granted(second));
}

TEST_F(a_mix_that_does_not_work, CuratorsDowngradeBesideAWriterThatWaits)  // CURATOR-621, mended in 5.5.0
{
    const auto downgrader = enter(language::curator, "downgrader");
    ASSERT_TRUE(is_granted(downgrader));
    const auto writer = enter(language::curator, "writer");
    where().make(where().file(downgrader + ".go-on"));
    ASSERT_TRUE(is_granted(downgrader, 2)) << "as a reader";
    EXPECT_TRUE(is_granted(writer)) << "its number is smaller than that of the read lock that came of the write lock";
    send_away(writer);
    send_away(downgrader);
    EXPECT_EQ(violations("holders_exclude"), 1);
}

}  // namespace
}  // namespace turnstile::interop

// What the other libraries call their places, and which mixes of them do not work: each claim of docs/interop.md about that,
// seen. (Those that do work are played by interop.cpp.)
#include "line_of_languages.hpp"

#include "../chaos/resource_client.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace turnstile::interop {
namespace {

using test::eventually;
using ::testing::ElementsAre;
using testing::history_event;
using testing::history_event_type;
using ::testing::MatchesRegex;

constexpr auto digits = "[0-9]{10}";
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

/// Neither library has a deadline for its holders: whoever was stopped goes on where it was.
class a_late_holder : public line_of_languages, public ::testing::WithParamInterface<language> {
protected:
    /// Our turn, as far as the resource sees it.
    void write(lease& held)
    {
        boost::asio::io_context context;
        chaos::resource_client client{context, where().ground().resource.string()};
        history_event e{history_event_type::effect, "ours", where().ground().key, held.token()};
        e.process = where().log().process();
        e.monotonic = e.boot = 1ns;
        auto accepted = boost::asio::co_spawn(context, client.apply(e), boost::asio::use_future);
        context.run();
        EXPECT_TRUE(accepted.get());
    }
    std::vector<history_event> effects_of(const std::string& process)
    {
        auto effects = where().history();
        std::erase_if(effects, [&](const auto& e) { return e.type != history_event_type::effect || e.process != process; });
        return effects;
    }
};

TEST_P(a_late_holder, IsRefusedByItsToken)
{
    const auto theirs = enter(GetParam(), "mutex");
    ASSERT_TRUE(eventually([&] { return effects_of(theirs).size() == 1; }, patience));
    named(theirs).freeze();
    auto held = take_turn("ours");
    write(held);
    named(theirs).thaw();
    send_away(theirs);
    const auto effects = effects_of(theirs);
    ASSERT_EQ(effects.size(), 2U);
    EXPECT_TRUE(effects[0].accepted);
    EXPECT_FALSE(effects[1].accepted);
    // The others mostly say that they hold; it depends on which of their threads wakes up first.
    if (GetParam() == language::cpp) {
        EXPECT_TRUE(effects[1].zombie) << "ours knows that it is late";
    }
    EXPECT_EQ(violations("late_effects_are_fenced"), 0);
    give_back("ours", std::move(held));
}

INSTANTIATE_TEST_SUITE_P(of, a_late_holder, ::testing::ValuesIn(languages),
                         [](const auto& language) { return std::string{name_of(language.param)}; });

}  // namespace
}  // namespace turnstile::interop

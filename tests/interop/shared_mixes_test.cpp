// shared_mutex beside the read/write locks of Curator and kazoo, step by step: who waits for whom, and what a downgrade is
// to the others. (interop.cpp plays them all at once.)
#include "line_of_languages.hpp"

#include <turnstile/recipes/shared_mutex.hpp>

#include <gtest/gtest.h>

#include <future>
#include <string>
#include <utility>

namespace turnstile::interop {
namespace {

using test::eventually;
using testing::holding_kind;

class shared_line : public line_of_languages {
protected:
    shared_mutex ours() { return {where().outsider(), where().ground().path}; }

    lease read(const std::string& op) { return take_turn(op, holding_kind::reader, ours().acquire_shared(patience)); }
    lease write(const std::string& op) { return take_turn(op, holding_kind::writer, ours().acquire(patience)); }
    bool may_read() { return where().outsider().wait(ours().try_acquire_shared(patience)).has_value(); }
    bool may_write() { return where().outsider().wait(ours().try_acquire(patience)).has_value(); }

    /// An ask that waits, in the background, for somebody to leave.
    std::future<lease> ask_to_write()
    {
        const auto before = where().places().size();
        auto asked = std::async(std::launch::async, [this] { return write("ours"); });
        EXPECT_TRUE(eventually([&] { return where().places().size() > before; }, patience));
        return asked;
    }

    /// Makes sure that who would be granted by now had the time to be.
    bool waits(const std::string& name)
    {
        const auto place = where().places();
        return eventually([&] { return is_watched(place[place.size() - 2]); }, patience) && !where().granted(name);
    }
};

TEST_F(shared_line, ReadersOfAllLanguagesAreInTogetherAndAWriterWaitsForAllOfThem)
{
    auto reading = read("ours");
    const auto curator = enter(language::curator, "reader");
    const auto kazoo = enter_kazoo("reader", "shared");
    EXPECT_TRUE(is_granted(curator));
    EXPECT_TRUE(is_granted(kazoo));
    EXPECT_TRUE(may_read());
    EXPECT_FALSE(may_write());
    give_back("ours", std::move(reading), holding_kind::reader);
    send_away(curator);
    EXPECT_FALSE(may_write());
    send_away(kazoo);
    EXPECT_TRUE(may_write());
    EXPECT_EQ(violations("holders_exclude"), 0);
}

class shared_line_behind_a_writer : public shared_line, public ::testing::WithParamInterface<language> {};

TEST_P(shared_line_behind_a_writer, KeepsOursOut)
{
    const auto writer = enter(GetParam(), "writer");
    EXPECT_TRUE(is_granted(writer));
    EXPECT_FALSE(may_read());
    EXPECT_FALSE(may_write());
    send_away(writer);
    EXPECT_TRUE(may_read());
}

INSTANTIATE_TEST_SUITE_P(of, shared_line_behind_a_writer, ::testing::Values(language::curator, language::kazoo),
                         [](const auto& language) { return std::string{name_of(language.param)}; });

TEST_F(shared_line, OursKeepsWritersAndReadersOfAnyLanguageOut)
{
    auto writing = write("ours");
    const auto curator = enter(language::curator, "reader");
    EXPECT_TRUE(waits(curator));
    const auto kazoo = enter_kazoo("writer", "shared");
    EXPECT_TRUE(waits(kazoo));
    give_back("ours", std::move(writing), holding_kind::writer);
    EXPECT_TRUE(is_granted(curator));
    EXPECT_FALSE(where().granted(kazoo));
    send_away(curator);
    EXPECT_TRUE(is_granted(kazoo));
    EXPECT_EQ(violations("holders_exclude"), 0);
}

TEST_F(shared_line, KazoosOwnNamesAreSeen)
{
    const auto reader = enter_kazoo("reader", "told");
    ASSERT_TRUE(is_granted(reader));
    EXPECT_TRUE(may_read());
    EXPECT_FALSE(may_write());
    const auto writer = enter_kazoo("writer", "told");
    EXPECT_TRUE(waits(writer));
    EXPECT_FALSE(may_read()) << "behind a writer that waits";
}

TEST_F(shared_line, AWriterOfOursThatWasDowngradedIsStillAWriterToOthers)
{
    auto lease = write("ours");
    where().outsider().wait(shared_mutex::downgrade(lease));
    EXPECT_TRUE(may_read()) << "ours know better";
    const auto curator = enter(language::curator, "reader");
    EXPECT_TRUE(waits(curator));
    EXPECT_FALSE(may_write());
    give_back("ours", std::move(lease), holding_kind::writer);
    EXPECT_TRUE(is_granted(curator));
}

/// Curator 5.4.0: the read lock is at the end of the line, behind the writer of ours that waits.
TEST_F(shared_line, CuratorsDowngradeLetsAWriterOfOursIn)
{
    const auto downgrader = enter(language::curator, "downgrader");
    ASSERT_TRUE(is_granted(downgrader));
    auto asked = ask_to_write();
    where().make(where().file(downgrader + ".go-on"));
    ASSERT_TRUE(is_granted(downgrader, 2)) << "as a reader";
    auto writing = asked.get();
    EXPECT_TRUE(writing.held());
    give_back("ours", std::move(writing), holding_kind::writer);
    send_away(downgrader);
    EXPECT_EQ(violations("holders_exclude"), 1) << "as it is among Curators";
}

/// Curator from 5.5.0 on puts a reader's node of the writer's own number in front of those who wait. Debian has none of
/// these: its steps are done by hand.
TEST_F(shared_line, ANewerCuratorsDowngradeKeepsAWriterOfOursWaiting)
{
    const auto& path = where().ground().path;
    const blocking::session curator{session_options{where().ground().servers}};
    const std::string guid = "/_c_0f8fad5b-d9cb-469f-a165-70867728950e-";
    curator.wait(curator->create_containers(path));
    const auto writer = curator.wait(curator->create(path + guid + "__WRIT__", "", create_mode::ephemeral_sequential)).path;
    auto asked = ask_to_write();
    const auto reader = path + guid + "__READ__" + writer.substr(writer.size() - 10);
    curator.wait(curator->create(reader, "", create_mode::ephemeral));
    curator.wait(curator->erase(writer));
    // Ours looks again and finds the reader: then it waits for that one to go.
    EXPECT_TRUE(eventually([&] { return is_watched(reader.substr(path.size() + 1)); }, patience));
    EXPECT_EQ(asked.wait_for(0s), std::future_status::timeout);
    curator.wait(curator->erase(reader));
    give_back("ours", asked.get(), holding_kind::writer);
}

}  // namespace
}  // namespace turnstile::interop

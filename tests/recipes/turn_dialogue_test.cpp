// Taking a place and waiting there, question by question: what is asked, and what the answers are taken for. Nothing is
// sent.
#include "recipes/detail/turn_dialogue.hpp"
#include "support/async_runner.hpp"
#include "support/eventually.hpp"

#include <turnstile/blocking.hpp>
#include <turnstile/testing/memory_server.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace turnstile::detail {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

using move = dialogue::move;

class turn_dialogue_test : public ::testing::Test {
protected:
    turn_dialogue_test() : session_{open(server_)} {}

    static session open(const testing::memory_server& server)
    {
        session_options o;
        o.transport = server.transport();
        auto s = session::open(o);
        blocking::wait(s.connected(10s));
        return s;
    }

    turn_dialogue enter(turn_dialogue::goal goal = turn_dialogue::goal::turn, bool make_directory = false)
    {
        auto request = std::make_shared<line_request>(session_, "/a/line", "acquire");
        ticket t{std::move(request), session_.epoch()};
        marker_ = t.marker();
        entering entry{std::move(t), make_directory};
        return turn_dialogue{std::move(entry), goal};
    }

    std::string ours(std::string_view number) const { return marker_ + std::string{number}; }

    outcome created(std::string_view number) const
    {
        outcome o;
        o.path = "/a/line/" + ours(number);
        o.stat = our_stat();
        return o;
    }
    stat our_stat() const
    {
        stat st;
        st.czxid = 77;
        st.ephemeral_owner = session_.id();
        return st;
    }
    static outcome list(std::vector<std::string> children)
    {
        outcome o;
        o.children = std::move(children);
        return o;
    }

    static std::vector<outcome> answers(outcome a, outcome b)
    {
        std::vector<outcome> all;
        all.push_back(std::move(a));
        all.push_back(std::move(b));
        return all;
    }
    static std::vector<outcome> answers(outcome a)
    {
        std::vector<outcome> all;
        all.push_back(std::move(a));
        return all;
    }

    /// "create", "children", "get other-lock-0000000001" …
    std::vector<std::string> asked(const move& m) const
    {
        EXPECT_EQ(m.what, move::kind::ask);
        std::vector<std::string> out;
        for (const auto& o : m.question) {
            std::string text{verb_of(o)};
            if (const auto path = path_of(o); path.starts_with("/a/line/") && !std::holds_alternative<op::create>(o))
                text.append(" ").append(path.substr(8));
            out.push_back(std::move(text));
        }
        return out;
    }

    testing::memory_server server_;
    session session_;
    std::string marker_;
};

TEST_F(turn_dialogue_test, TheFirstInLineIsServedAfterOneQuestion)
{
    auto d = enter();
    EXPECT_THAT(asked(d.begin()), ElementsAre("create", "children"));
    const auto end = d.answered(answers(created("0000000003"), list({ours("0000000003")})));
    EXPECT_EQ(end.what, move::kind::done);
    EXPECT_EQ(end.result, error_code{});
    EXPECT_TRUE(d.our_turn());
}

TEST_F(turn_dialogue_test, WhoStandsBehindOthersWatchesThemWithoutBeingWoken)
{
    auto d = enter();
    d.begin();
    const auto look = d.answered(answers(created("0000000003"), list({ours("0000000003"), "z-lock-0000000002"})));
    EXPECT_THAT(asked(look), ElementsAre("get z-lock-0000000002"));
    EXPECT_FALSE(d.our_turn());
    EXPECT_EQ(d.answered(answers(outcome{})).what, move::kind::wait);
    const auto end = d.happened(watch_event{watch_event_type::erased, "/a/line/z-lock-0000000002"});
    EXPECT_EQ(end.what, move::kind::done);
    EXPECT_TRUE(d.our_turn());
}

TEST_F(turn_dialogue_test, WhoDoesNotWaitAsksNoFurther)
{
    auto d = enter(turn_dialogue::goal::place);
    d.begin();
    const auto end = d.answered(answers(created("0000000003"), list({ours("0000000003"), "z-lock-0000000002"})));
    EXPECT_EQ(end.what, move::kind::done);
    EXPECT_FALSE(d.our_turn());
}

TEST_F(turn_dialogue_test, AListThatFailedIsAskedForAgainAndNeverTakenForAnEmptyOne)
{
    auto d = enter();
    d.begin();
    const auto again = d.answered(answers(created("0000000003"), outcome{errc::connection_loss}));
    EXPECT_THAT(asked(again), ElementsAre("children"));
    EXPECT_FALSE(d.our_turn());
}

TEST_F(turn_dialogue_test, ALostAnswerIsLookedForBehindASync)
{
    auto d = enter();
    d.begin();
    const auto look = d.answered(answers(outcome{errc::connection_loss}, outcome{errc::connection_loss}));
    EXPECT_THAT(asked(look), ElementsAre("sync", "children"));
    const auto identify = d.answered(answers(outcome{}, list({"z-lock-0000000009", ours("0000000003")})));
    EXPECT_THAT(asked(identify), ElementsAre("get " + ours("0000000003")));
    outcome own;
    own.stat = our_stat();
    EXPECT_EQ(d.answered(answers(own)).what, move::kind::done);
    EXPECT_TRUE(d.our_turn());
}

TEST_F(turn_dialogue_test, AListWhoseSyncFailedProvesNothing)
{
    auto d = enter();
    d.begin();
    d.answered(answers(outcome{errc::connection_loss}, outcome{errc::connection_loss}));
    const auto end = d.answered(answers(outcome{errc::connection_loss}, list({})));
    EXPECT_EQ(end.result, error_code{errc::connection_loss});
    EXPECT_EQ(d.entered().result(), entering::state::failed) << "not: was not executed";
}

TEST_F(turn_dialogue_test, WhatACompleteListDoesNotShowWasNotExecuted)
{
    auto d = enter();
    d.begin();
    d.answered(answers(outcome{errc::connection_loss}, outcome{errc::connection_loss}));
    d.answered(answers(outcome{}, list({"z-lock-0000000009"})));
    EXPECT_EQ(d.entered().result(), entering::state::not_executed);
}

TEST_F(turn_dialogue_test, OfTwoNodesWithOurMarkerTheLowestStandsAndTheOtherGoes)
{
    auto d = enter();
    d.begin();
    d.answered(answers(outcome{errc::operation_timeout}, outcome{errc::operation_timeout}));
    const auto identify = d.answered(answers(outcome{}, list({ours("0000000010"), ours("0000000009")})));
    EXPECT_THAT(asked(identify), ElementsAre("get " + ours("0000000009"), "erase " + ours("0000000010")));
}

TEST_F(turn_dialogue_test, ANodeOfAnotherZooKeeperSessionIsNotStoodOn)
{
    auto d = enter();
    d.begin();
    auto foreign = created("0000000003");
    foreign.stat.ephemeral_owner += 1;
    const auto end = d.answered(answers(foreign, list({ours("0000000003")})));
    EXPECT_EQ(end.result, error_code{errc::session_expired});
    EXPECT_FALSE(d.our_turn());
}

TEST_F(turn_dialogue_test, ANumberNearTheEndOfTheCounterIsRefused)
{
    auto d = enter();
    d.begin();
    const auto end = d.answered(answers(created("2147483000"), list({ours("2147483000")})));
    EXPECT_EQ(end.result, error_code{errc::sequence_exhausted});
}

TEST_F(turn_dialogue_test, AMissingDirectoryIsMadeOnTheSecondTry)
{
    auto d = enter();
    d.begin();
    d.answered(answers(outcome{errc::no_node}, outcome{errc::no_node}));
    EXPECT_EQ(d.entered().result(), entering::state::directory_missing);
    auto again = enter(turn_dialogue::goal::turn, true);
    EXPECT_THAT(asked(again.begin()), ElementsAre("create", "create", "create", "children"));
}

TEST_F(turn_dialogue_test, ADirectoryThatCannotBeMadeIsTheReason)
{
    auto d = enter(turn_dialogue::goal::turn, true);
    d.begin();
    std::vector<outcome> all;
    for (const auto ec : {errc::no_auth, errc::no_node, errc::no_node, errc::no_node})
        all.emplace_back(ec);
    const auto end = d.answered(std::move(all));
    EXPECT_EQ(d.entered().result(), entering::state::failed);
    EXPECT_EQ(end.result, error_code{errc::no_auth});
}

TEST_F(turn_dialogue_test, ATicketThatIsDroppedInDoubtSweepsByItsMarker)
{
    std::string left;
    {
        auto d = enter();
        d.begin();
        left = server_.create("/a/line/" + marker_, "", create_mode::persistent_sequential);
        d.answered(answers(outcome{errc::deadline_exceeded}, outcome{errc::deadline_exceeded}));
    }
    EXPECT_TRUE(test::eventually([&] { return !server_.exists(left); }));
}

}  // namespace
}  // namespace turnstile::detail

// Each rule against a history that breaks it, and against one that only just does not. Here: calls, leases and tokens.
#include "broken_rules.hpp"
#include "stories.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace turnstile::test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::holding_kind;
using ::testing::IsEmpty;

TEST(history_rules, AnOrderlyHistoryBreaksNone)
{
    story s;
    s.turn("x", 10).turn("y", 20).turn("z", 30);
    EXPECT_THAT(broken_rules(s.verdict()), IsEmpty());
    EXPECT_EQ(s.verdict().ruling, testing::history_ruling::kept);
}

// ---- calls_end_once

TEST(history_rules, ACallThatIsNeverAnsweredIsFound)
{
    story s;
    s.turn("x", 10);
    s.invoke("y");
    const auto v = s.verdict();
    EXPECT_THAT(broken_rules(v), ElementsAre("calls_end_once"));
    EXPECT_THAT(calls_shown(v), ElementsAre("y"));
}

TEST(history_rules, ACallOfAKilledProcessNeedsNoAnswer)
{
    story s;
    s.turn("x", 10);
    s.invoke("y");
    s.killed("y");
    EXPECT_THAT(broken_rules(s.verdict()), IsEmpty());
}

TEST(history_rules, ACallThatIsAnsweredTwiceIsFound)
{
    story s;
    s.turn("x", 10);
    s.invoke("y");
    s.tell(history_event_type::timed_out, "y");
    s.tell(history_event_type::refused, "y");
    EXPECT_THAT(broken_rules(s.verdict()), ElementsAre("calls_end_once"));
    EXPECT_THAT(calls_shown(s.verdict()), ElementsAre("y"));
}

TEST(history_rules, AnAnswerWithoutACallIsFound)
{
    story s;
    s.tell(history_event_type::refused, "y");
    EXPECT_THAT(broken_rules(s.verdict()), ElementsAre("calls_end_once"));
}

TEST(history_rules, ATimeOutIsAnAnswerLikeOthers)
{
    story s;
    s.invoke("x");
    s.tell(history_event_type::timed_out, "x");
    s.invoke("y").waits = false;
    s.tell(history_event_type::refused, "y");
    s.invoke("z");
    s.tell(history_event_type::failed, "z");
    EXPECT_THAT(broken_rules(s.verdict()), IsEmpty());
}

// ---- cohorts

namespace {

/// Two callers, with one token.
story two_of_a_cohort(const std::string& process_of_y, bool together)
{
    story s;
    const auto tell = [&](testing::history_event& e, const char* process) -> testing::history_event& {
        e.process = process;
        e.kind = holding_kind::cohort;
        return e;
    };
    tell(s.invoke("x"), "p");
    tell(s.invoke("y"), process_of_y.c_str());
    tell(s.granted("x", 10), "p");
    if (!together)
        tell(s.released("x"), "p");
    tell(s.granted("y", 10), process_of_y.c_str());
    auto& effect = tell(s.tell(history_event_type::effect, "y"), process_of_y.c_str());
    effect.token = 10;
    if (together)
        tell(s.released("x"), "p");
    tell(s.released("y"), process_of_y.c_str());
    return s;
}

}  // namespace

TEST(history_rules, CallersOfOneProcessMayFollowEachOtherWithOneToken)
{
    const auto v = two_of_a_cohort("p", false).verdict();
    EXPECT_THAT(broken_rules(v), IsEmpty());
    EXPECT_EQ(v.figures.at("handed_on"), 1);
}

TEST(history_rules, CallersOfTwoProcessesMayNot)
{
    EXPECT_THAT(broken_rules(two_of_a_cohort("q", false).verdict()), ElementsAre("tokens_are_unique"));
}

TEST(history_rules, NorMayThoseOfOneProcessBeInsideTogether)
{
    EXPECT_THAT(broken_rules(two_of_a_cohort("p", true).verdict()), ElementsAre("holders_exclude"));
}

// ---- leases_end_once

TEST(history_rules, ALeaseThatIsReleasedTwiceIsFound)
{
    story s;
    s.turn("x", 10).turn("y", 20);
    s.released("y");
    EXPECT_THAT(broken_rules(s.verdict()), ElementsAre("leases_end_once"));
    EXPECT_THAT(calls_shown(s.verdict()), ElementsAre("y"));
}

TEST(history_rules, ALeaseThatNeverEndsIsFound)
{
    story s;
    s.invoke("x");
    s.granted("x", 10);
    EXPECT_THAT(broken_rules(s.verdict()), ElementsAre("leases_end_once"));
}

TEST(history_rules, ALostLeaseMayBeReleasedOnce)
{
    story s;
    s.invoke("x");
    s.granted("x", 10);
    s.lost("x");
    s.released("x");
    EXPECT_THAT(broken_rules(s.verdict()), IsEmpty());
}

TEST(history_rules, AReleaseOfWhatWasNeverGrantedIsFound)
{
    story s;
    s.invoke("x");
    s.tell(history_event_type::timed_out, "x");
    s.released("x");
    EXPECT_THAT(broken_rules(s.verdict()), ElementsAre("leases_end_once"));
}

// ---- tokens_are_unique

TEST(history_rules, TwoLeadersInOneEpochAreFound)
{
    story s;
    s.turn("x", 10);
    s.invoke("y").kind = holding_kind::leader;
    s.granted("y", 20).kind = holding_kind::leader;
    s.released("y");
    s.invoke("z");
    s.granted("z", 20).kind = holding_kind::leader;
    s.released("z");
    EXPECT_THAT(broken_rules(s.verdict()), ElementsAre("tokens_are_unique"));
    EXPECT_THAT(calls_shown(s.verdict()), ElementsAre("y", "z"));
}

TEST(history_rules, OneTokenForTwoKeysIsWhatOneTransactionGives)
{
    story s;
    s.turn("x", 10);
    s.tell(history_event_type::invoke, "y", "b");
    s.tell(history_event_type::granted, "y", "b").token = 10;
    s.tell(history_event_type::released, "y", "b");
    EXPECT_THAT(broken_rules(s.verdict()), IsEmpty());
}

// ---- late_effects_are_fenced

TEST(history_rules, AnEarlierHoldersEffectBehindALaterOnesIsFound)
{
    const auto v = late_write(true).verdict();
    EXPECT_THAT(broken_rules(v), ElementsAre("late_effects_are_fenced"));
    EXPECT_THAT(calls_shown(v), ElementsAre("x", "y"));
    EXPECT_THAT(v.violations.front().what, HasSubstr("an effect of call x of of-x was accepted behind a newer holder's"));
}

TEST(history_rules, AnEarlierHoldersEffectThatIsFencedOffIsWhatTokensAreFor)
{
    const auto v = late_write(false).verdict();
    EXPECT_THAT(broken_rules(v), IsEmpty());
    EXPECT_EQ(v.figures.at("zombies_rejected"), 1);
}

TEST(history_rules, ALateEffectBeforeTheNextHoldersFirstIsNoHarm)
{
    story s;
    s.invoke("x");
    s.granted("x", 10);
    s.invoke("y");
    s.lost("x");
    s.granted("y", 20);
    s.effect("x", 10).zombie = true;
    s.effect("y", 20);
    s.released("y");
    EXPECT_THAT(broken_rules(s.verdict()), IsEmpty());
}

TEST(history_rules, AnEffectWithATokenThatIsNotTheLeasesIsFound)
{
    story s;
    s.invoke("x");
    s.granted("x", 10);
    s.effect("x", 11);
    s.released("x");
    EXPECT_THAT(broken_rules(s.verdict()), ElementsAre("late_effects_are_fenced"));
}

TEST(history_rules, AResourceThatFencesOffTheNewestHolderIsFound)
{
    story s;
    s.turn("x", 10);
    s.invoke("y");
    s.granted("y", 20);
    s.effect("y", 20, false);
    s.released("y");
    EXPECT_THAT(broken_rules(s.verdict()), ElementsAre("late_effects_are_fenced"));
}

TEST(history_rules, AWriterThatIsFencedOffBehindReadersIsWhatTokensAreFor)
{
    story s;
    s.invoke("x");
    s.granted("x", 10).kind = holding_kind::writer;
    s.lost("x");
    s.invoke("y");
    s.granted("y", 20).kind = holding_kind::reader;
    s.effect("y", 20).kind = holding_kind::reader;
    auto& late = s.effect("x", 10, false);
    late.kind = holding_kind::writer;
    late.zombie = true;
    s.released("y");
    EXPECT_THAT(broken_rules(s.verdict()), IsEmpty());
}

TEST(history_rules, WhatCameWhenAllWasOverIsNotShown)
{
    auto s = late_write(true);
    s.wait(20s);
    s.killed("y");
    const auto v = s.verdict();
    ASSERT_EQ(v.violations.size(), 1U);
    for (const auto& e : v.violations.front().evidence)
        EXPECT_NE(e.type, history_event_type::killed);
}

}  // namespace turnstile::test

// Each rule against a history that breaks it, and against one that only just does not.
#include "support/story.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace turnstile::test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::history_verdict;
using testing::holding_kind;
using ::testing::IsEmpty;

namespace {

std::vector<std::string> broken_rules(const history_verdict& v)
{
    std::vector<std::string> names;
    for (const auto& r : v.rules)
        if (r.violations > 0)
            names.push_back(r.rule);
    return names;
}

/// Whose calls the first violation's evidence shows.
std::set<std::string> calls_shown(const history_verdict& v)
{
    std::set<std::string> ops;
    for (const auto& e : v.violations.front().evidence)
        if (!e.op.empty())
            ops.insert(e.op);
    return ops;
}

}  // namespace

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

namespace {

/// x is lost and writes once more after y has begun to; accepted or not.
story late_write(bool accepted)
{
    story s;
    s.turn("before", 1);
    s.invoke("x");
    s.granted("x", 10);
    s.effect("x", 10);
    s.invoke("y");
    s.lost("x");
    s.granted("y", 20);
    s.effect("y", 20);
    s.effect("x", 10, accepted).zombie = true;
    s.released("y");
    s.turn("after", 30);
    return s;
}

}  // namespace

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

// ---- holders_exclude

namespace {

/// y is granted while x is inside; x believes to hold until then.
story overlap(std::chrono::nanoseconds until, holding_kind first = holding_kind::mutex,
              holding_kind second = holding_kind::mutex)
{
    story s;
    s.turn("before", 1);
    s.invoke("x");
    s.invoke("y");
    auto& x = s.granted("x", 10);
    x.held_until = s.boot_in(until);
    x.kind = first;
    s.granted("y", 20).kind = second;
    s.released("x");
    s.released("y");
    s.turn("after", 30);
    return s;
}

}  // namespace

TEST(history_rules, TwoInsideAtOnceAreFound)
{
    const auto v = overlap(1s).verdict();
    EXPECT_THAT(broken_rules(v), ElementsAre("holders_exclude"));
    EXPECT_THAT(calls_shown(v), ElementsAre("x", "y"));
}

TEST(history_rules, AnOverlapBehindTheFirstOnesDeadlineIsExcused)
{
    EXPECT_THAT(broken_rules(overlap(500us).verdict()), IsEmpty());
}

TEST(history_rules, AnExtendedLeaseIsGoodUntilItsNewDeadline)
{
    story s;
    s.invoke("x");
    s.invoke("y");
    s.granted("x", 10).held_until = s.boot_in(500us);
    auto& effect = s.effect("x", 10);
    effect.held_until = s.boot_in(1s);
    s.granted("y", 20);
    s.released("x");
    s.released("y");
    EXPECT_THAT(broken_rules(s.verdict()), ElementsAre("holders_exclude"));
}

TEST(history_rules, AnOverlapWithALostLeaseThatDidNoHarmIsExcused)
{
    story s;
    s.invoke("x");
    s.invoke("y");
    s.granted("x", 10).held_until = s.boot_in(1s);
    s.granted("y", 20);
    s.effect("y", 20);
    s.effect("x", 10, false);
    s.lost("x");
    s.released("y");
    EXPECT_THAT(broken_rules(s.verdict()), IsEmpty());
}

TEST(history_rules, AHolderThatIsKilledLaterIsNoExcuseForHavingLetAnotherIn)
{
    for (const bool alive : {true, false}) {
        story s;
        s.invoke("x");
        s.invoke("y");
        auto& x = s.granted("x", 10);
        x.held_until = s.boot_in(1s);
        if (!alive)
            s.killed("x");
        s.granted("y", 20);
        s.released("y");
        if (alive)
            s.killed("x");
        EXPECT_EQ(broken_rules(s.verdict()).empty(), !alive);
    }
}

TEST(history_rules, AWriterAndAReaderExcludeEachOther)
{
    using enum holding_kind;
    EXPECT_THAT(broken_rules(overlap(1s, reader, writer).verdict()), ElementsAre("holders_exclude"));
    EXPECT_THAT(broken_rules(overlap(1s, writer, reader).verdict()), ElementsAre("holders_exclude"));
    EXPECT_THAT(broken_rules(overlap(1s, writer, writer).verdict()), ElementsAre("holders_exclude"));
    EXPECT_THAT(broken_rules(overlap(1s, leader, leader).verdict()), ElementsAre("holders_exclude"));
}

TEST(history_rules, ReadersAreInsideTogether)
{
    EXPECT_THAT(broken_rules(overlap(1s, holding_kind::reader, holding_kind::reader).verdict()), IsEmpty());
}

// ---- permits_fit

namespace {

story permits(std::int64_t first, std::int64_t second, std::int64_t maximum)
{
    story s;
    for (const auto& [op, weight, token] : {std::tuple{"x", first, 10}, std::tuple{"y", second, 20}}) {
        s.invoke(op);
        auto& e = s.granted(op, token);
        e.kind = holding_kind::permits;
        e.weight = weight;
        e.maximum = maximum;
    }
    s.released("x");
    s.released("y");
    return s;
}

}  // namespace

TEST(history_rules, MorePermitsThanThereAreIsFound)
{
    const auto v = permits(3, 3, 5).verdict();
    EXPECT_THAT(broken_rules(v), ElementsAre("permits_fit"));
    EXPECT_THAT(v.violations.front().what, HasSubstr("6 permits of 5"));
    EXPECT_THAT(calls_shown(v), ElementsAre("x", "y"));
}

TEST(history_rules, AsManyPermitsAsThereAreIsRight) { EXPECT_THAT(broken_rules(permits(3, 2, 5).verdict()), IsEmpty()); }

namespace {

history_event& granted_the_only_permit(story& s, const std::string& op, std::int64_t token)
{
    auto& e = s.granted(op, token);
    e.kind = holding_kind::permits;
    e.maximum = 1;
    e.held_until = s.boot_in(1s);
    return e;
}

/// x's session is ended by force, y gets the permit, and x, who is told after that, has gone on; and goes on behind it?
story ended_by_force(bool goes_on_when_told)
{
    story s;
    s.invoke("x");
    s.invoke("y");
    granted_the_only_permit(s, "x", 10).session = 7;
    granted_the_only_permit(s, "y", 20);
    s.effect("y", 20).kind = holding_kind::permits;
    s.effect("x", 10).kind = holding_kind::permits;
    s.tell(history_event_type::session_over).session = 7;
    s.lost("x");
    if (goes_on_when_told)
        s.effect("x", 10).kind = holding_kind::permits;
    s.released("y");
    return s;
}

}  // namespace

TEST(history_rules, APermitThatWasTakenAwayMayBeUsedUntilItsHolderIsTold)
{
    // No token keeps a late holder out: there is no order among those who hold.
    EXPECT_THAT(broken_rules(ended_by_force(false).verdict()), IsEmpty());
}

TEST(history_rules, APermitThatIsUsedByOneWhoWasToldOfItsEndIsFound)
{
    EXPECT_THAT(broken_rules(ended_by_force(true).verdict()), ElementsAre("permits_fit"));
}

TEST(history_rules, AGrantThatIsFoundWhenItIsOverTakesNoPermit)
{
    story s;
    s.invoke("x");
    s.invoke("y");
    const auto until = s.boot_in(500us);
    granted_the_only_permit(s, "y", 20);
    granted_the_only_permit(s, "x", 10).held_until = until;
    s.lost("x");
    s.released("y");
    EXPECT_THAT(broken_rules(s.verdict()), IsEmpty());
}

// ---- holders_know_in_time

namespace {

story checked_effect(std::chrono::nanoseconds late)
{
    story s;
    s.invoke("x");
    const auto until = s.boot_in(10ms);
    s.granted("x", 10).held_until = until;
    s.wait(20ms);
    auto& e = s.effect("x", 10);
    e.held_until = until;
    e.checked = until + late;
    s.released("x");
    return s;
}

}  // namespace

TEST(history_rules, ACheckThatPassesBehindTheDeadlineIsFound)
{
    const auto v = checked_effect(1ns).verdict();
    EXPECT_THAT(broken_rules(v), ElementsAre("holders_know_in_time"));
    EXPECT_THAT(calls_shown(v), ElementsAre("x"));
}

TEST(history_rules, ACheckBeforeTheDeadlineMayHaveItsEffectBehindIt)
{
    EXPECT_THAT(broken_rules(checked_effect(0ns).verdict()), IsEmpty());
}

TEST(history_rules, AnUncheckedEffectBehindTheDeadlineIsFoundUnlessItIsAZombies)
{
    for (const bool zombie : {false, true}) {
        story s;
        s.invoke("x");
        s.granted("x", 10).held_until = s.boot_in(10ms);
        s.wait(20ms);
        s.effect("x", 10).zombie = zombie;
        s.lost("x");
        EXPECT_EQ(broken_rules(s.verdict()).empty(), zombie);
    }
}

// ---- grants_follow_tokens

namespace {

/// y, with the larger token, is granted before x.
story overtaking(std::chrono::nanoseconds x_held_until, std::int64_t ended_session = 0)
{
    story s;
    s.turn("before", 1);
    s.invoke("x");
    s.invoke("y");
    s.granted("y", 20);
    const auto y_granted = s.boot_in(0ns);
    s.released("y");
    auto& x = s.granted("x", 10);
    x.held_until = y_granted + x_held_until;
    x.session = 7;
    if (ended_session != 0)
        s.tell(history_event_type::session_over, {}, {}).session = ended_session;
    s.released("x");
    return s;
}

}  // namespace

TEST(history_rules, OvertakingIsFound)
{
    const auto v = overtaking(1s).verdict();
    EXPECT_THAT(broken_rules(v), ElementsAre("grants_follow_tokens"));
    EXPECT_THAT(calls_shown(v), ElementsAre("x", "y"));
}

TEST(history_rules, WhoHearsLateOfAGrantThatIsOverWasNotOvertaken)
{
    EXPECT_THAT(broken_rules(overtaking(0ns).verdict()), IsEmpty());
}

TEST(history_rules, WhoseSessionWasEndedByForceWasNotOvertaken)
{
    EXPECT_THAT(broken_rules(overtaking(1s, 7).verdict()), IsEmpty());
    EXPECT_THAT(broken_rules(overtaking(1s, 8).verdict()), ElementsAre("grants_follow_tokens"));
}

TEST(history_rules, ReadersMayHearOfTheirGrantsInAnyOrder)
{
    story s;
    for (const auto* op : {"x", "y"})
        s.invoke(op);
    s.granted("y", 20).kind = holding_kind::reader;
    s.granted("x", 10).kind = holding_kind::reader;
    s.released("x");
    s.released("y");
    EXPECT_THAT(broken_rules(s.verdict()), IsEmpty());
}

// ---- first_come_first_served

namespace {

/// x is seen in the line, then y comes; y gets the smaller token.
story queue_jumping(std::int64_t session_seen)
{
    story s;
    s.turn("before", 1);
    s.invoke("x");
    s.tell(history_event_type::enqueued, "x").session = session_seen;
    s.invoke("y");
    s.granted("y", 10);
    s.released("y");
    s.granted("x", 20).session = 7;
    s.released("x");
    return s;
}

}  // namespace

TEST(history_rules, WhoComesLaterAndStandsAheadIsFound)
{
    const auto v = queue_jumping(7).verdict();
    EXPECT_THAT(broken_rules(v), ElementsAre("first_come_first_served"));
    EXPECT_THAT(calls_shown(v), ElementsAre("x", "y"));
}

TEST(history_rules, APlaceOfAnEarlierSessionIsAnotherPlace)
{
    EXPECT_THAT(broken_rules(queue_jumping(6).verdict()), IsEmpty());
}

TEST(history_rules, CallsUnderWayTogetherMayStandInEitherOrder)
{
    story s;
    s.invoke("x");
    s.invoke("y");
    s.granted("y", 10);
    s.released("y");
    s.granted("x", 20);
    s.released("x");
    EXPECT_THAT(broken_rules(s.verdict()), IsEmpty());
}

TEST(history_rules, ATokenThatIsSmallerThanThatOfALeaseBeforeTheCallIsFound)
{
    story s;
    s.turn("x", 20);
    s.invoke("y");
    s.granted("y", 10);
    s.released("y");
    EXPECT_THAT(broken_rules(s.verdict()), ::testing::Contains("first_come_first_served"));
}

// ---- lines_move

namespace {

/// Nobody holds and y waits: so long, and with what in between.
template <class Between>
story standing(Between between)
{
    story s;
    s.turn("x", 10);
    s.invoke("y");
    between(s);
    s.granted("y", 20);
    s.released("y");
    return s;
}

}  // namespace

TEST(history_rules, ALineThatStandsForNoReasonIsFound)
{
    const auto v = standing([](story& s) { s.wait(6001ms); }).verdict();
    EXPECT_THAT(broken_rules(v), ElementsAre("lines_move"));
    EXPECT_THAT(calls_shown(v), ElementsAre("x", "y"));
}

TEST(history_rules, ALineMayStandForTheTimeThatSessionsTakeToExpire)
{
    EXPECT_THAT(broken_rules(standing([](story& s) { s.wait(5990ms); }).verdict()), IsEmpty());
}

TEST(history_rules, TimeUnderAFaultOfServersDoesNotCount)
{
    const auto faulty = [](story& s) {
        s.wait(3s);
        s.fault("f1", "kill_server");
        s.wait(1min);
        s.healed("f1");
        s.wait(2900ms);
    };
    EXPECT_THAT(broken_rules(standing(faulty).verdict()), IsEmpty());
}

TEST(history_rules, AFaultOfServersStopsTheClockAndDoesNotSetItBack)
{
    const auto faulty = [](story& s) {
        s.wait(3100ms);
        s.fault("f1", "kill_server");
        s.wait(1min);
        s.healed("f1");
        s.wait(3s);
    };
    EXPECT_THAT(broken_rules(standing(faulty).verdict()), ElementsAre("lines_move"));
}

TEST(history_rules, AFaultOfSomeoneElsesClientIsNoExcuse)
{
    const auto faulty = [](const std::string& process) {
        return [process](story& s) {
            s.wait(4s);
            s.fault("f1", "cut", process);
            s.healed("f1");
            s.wait(4s);
        };
    };
    EXPECT_THAT(broken_rules(standing(faulty("of-z")).verdict()), ElementsAre("lines_move"));
    EXPECT_THAT(broken_rules(standing(faulty("of-y")).verdict()), IsEmpty());
}

TEST(history_rules, AHolderThatStandsStillIsNoExcuseForALine)
{
    for (const bool frozen : {true, false}) {
        story s;
        s.invoke("x");
        s.granted("x", 10);
        s.invoke("y");
        if (frozen)
            s.fault("f1", "pause_client", "of-x");
        s.wait(7s);
        if (frozen)
            s.healed("f1");
        s.released("x");
        s.granted("y", 20);
        s.released("y");
        EXPECT_EQ(broken_rules(s.verdict()).empty(), !frozen);
    }
}

TEST(history_rules, ALineThatStandsAtTheEndIsFoundToo)
{
    story s;
    s.turn("x", 10);
    s.invoke("y");
    s.wait(7s);
    s.tell(history_event_type::timed_out, "y");
    EXPECT_THAT(broken_rules(s.verdict()), ElementsAre("lines_move"));
}

// ---- at the end

TEST(history_rules, AFreshClientThatIsNotServedAtOnceIsFound)
{
    story s;
    s.turn("x", 10);
    s.tell(history_event_type::probe).waited = 2001ms;
    EXPECT_THAT(broken_rules(s.verdict()), ElementsAre("fresh_clients_are_served"));
    s.tell(history_event_type::probe).accepted = false;
    EXPECT_EQ(s.verdict().violations_in_all(), 2);
}

TEST(history_rules, AFreshClientMayTakeItsTime)
{
    story s;
    s.turn("x", 10);
    s.tell(history_event_type::probe).waited = 2000ms;
    EXPECT_THAT(broken_rules(s.verdict()), IsEmpty());
}

TEST(history_rules, NodesAndWatchesThatAreLeftAreFound)
{
    story s;
    s.turn("x", 10);
    s.tell(history_event_type::census).watches = -1;
    EXPECT_THAT(broken_rules(s.verdict()), IsEmpty());
    s.tell(history_event_type::census).nodes = 1;
    s.tell(history_event_type::census).watches = 1;
    const auto v = s.verdict();
    EXPECT_THAT(broken_rules(v), ElementsAre("nothing_is_left"));
    EXPECT_EQ(v.violations_in_all(), 2);
}

// ---- the verdict

TEST(history_verdicts, AHistoryThatPutsNothingToTheTestIsVoidAndSaysWhy)
{
    story s;
    s.turn("x", 10);
    const auto v = s.verdict(testing::judge_options{});
    EXPECT_EQ(v.ruling, testing::history_ruling::empty);
    EXPECT_THAT(v.unmet, ::testing::Contains("zombies_rejected: 0, and it takes 1"));
    EXPECT_THAT(testing::to_text(v), HasSubstr("VOID"));
    EXPECT_EQ(testing::judge({}).ruling, testing::history_ruling::empty);
}

TEST(history_verdicts, AViolationCountsAlsoInAVoidHistory)
{
    EXPECT_EQ(overlap(1s).verdict(testing::judge_options{}).ruling, testing::history_ruling::broken);
}

TEST(history_verdicts, ManyViolationsAreCountedAndAFewAreTold)
{
    story s;
    for (int i = 0; i < 50; ++i)
        s.invoke("x" + std::to_string(i));
    const auto v = s.verdict();
    EXPECT_EQ(v.violations_in_all(), 50);
    EXPECT_EQ(v.violations.size(), story::quiet_history().told_max);
}

TEST(history_verdicts, ALostCreateCountsAsAdoptedWhenItsOnlyCallerGotTheLeaseInTheSameSession)
{
    for (const auto& [session, callers, adopted] : {std::tuple{7, 1, 1}, std::tuple{8, 1, 0}, std::tuple{7, 2, 0}}) {
        story s;
        s.invoke("x").session = 7;
        if (callers == 2)
            s.invoke("y").process = "of-x";
        s.fault("f1", "lost_create_executed", "of-x");
        s.healed("f1");
        s.granted("x", 10).session = session;
        s.released("x");
        EXPECT_EQ(s.verdict().figures.at("lost_creates_adopted"), adopted) << session << ", " << callers;
    }
}

TEST(history_verdicts, ThoseWhoHoldBesideEachOtherAreCounted)
{
    auto s = permits(3, 2, 5);
    for (const auto* op : {"r1", "r2", "r3"})
        s.invoke(op);
    std::int64_t token = 100;
    for (const auto* op : {"r1", "r2", "r3"})
        s.granted(op, ++token).kind = holding_kind::reader;
    for (const auto* op : {"r1", "r2", "r3"})
        s.released(op);
    const auto figures = s.verdict().figures;
    EXPECT_EQ(figures.at("permits"), 5);
    EXPECT_EQ(figures.at("readers"), 3);
    EXPECT_EQ(figures.at("together"), 3);
    EXPECT_EQ(overlap(500us).verdict().figures.at("together"), 0) << "mutexes have nobody beside them";
}

TEST(history_verdicts, AViolationIsToldInWordsAndAsAPicture)
{
    const auto v = late_write(true).verdict();
    EXPECT_THAT(testing::to_text(v),
                HasSubstr("the resource accepted an effect of x with token 10, written late on purpose"));
    const auto picture = testing::to_svg(v.violations.front());
    EXPECT_THAT(picture, HasSubstr("<svg"));
    EXPECT_THAT(picture, HasSubstr("was accepted behind a newer holder's effect"));
    EXPECT_THAT(picture, HasSubstr("mutex, token 20"));
    EXPECT_THAT(testing::to_json(v), HasSubstr("\"ruling\": \"broken\""));
}

}  // namespace turnstile::test

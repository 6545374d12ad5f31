// Rules about lines: who is served when, and what is left at the end.
#include "broken_rules.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <string>

namespace turnstile::test {

using ::testing::ElementsAre;
using testing::holding_kind;
using ::testing::IsEmpty;

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

namespace {

/// The same, and x hears of the end of its session when it has released already.
story heard_too_late(bool struck_before_y_was_granted)
{
    story s;
    s.invoke("x");
    s.invoke("y");
    if (struck_before_y_was_granted)
        s.fault("f1", "end_session", "of-x");
    s.granted("y", 20);
    s.released("y");
    if (!struck_before_y_was_granted)
        s.fault("f1", "end_session", "of-x");
    auto& x = s.granted("x", 10);
    x.held_until = s.boot_in(1s);
    x.session = 7;
    s.released("x");
    auto& over = s.tell(history_event_type::session_over, {}, {});
    over.process = "of-x";
    over.session = 7;
    return s;
}

}  // namespace

TEST(history_rules, WhoWasStruckBeforeTheOtherWasGrantedWasNotOvertakenHoweverLateItHearsOfThat)
{
    EXPECT_THAT(broken_rules(heard_too_late(true).verdict()), IsEmpty());
    EXPECT_THAT(broken_rules(heard_too_late(false).verdict()), ElementsAre("grants_follow_tokens"));
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

}  // namespace turnstile::test

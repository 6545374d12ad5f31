// Rules about who may be inside, against histories that break them and such that only just do not.
#include "broken_rules.hpp"
#include "stories.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <string>

namespace turnstile::test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::holding_kind;
using ::testing::IsEmpty;

// ---- holders_exclude

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

}  // namespace turnstile::test

// What is told of a history as a whole.
#include "broken_rules.hpp"
#include "stories.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>

namespace turnstile::test {

using ::testing::HasSubstr;
using testing::holding_kind;

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

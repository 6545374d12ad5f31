// What a phase of a soak has to bring about grows with its length, and phases have about the usual one.
#include "requirements.hpp"

#include <gtest/gtest.h>

namespace turnstile::chaos {

using namespace std::chrono_literals;

TEST(phase_requirements, AreThoseOfChaosInProportion)
{
    const auto whole = chaos_requirements();
    EXPECT_EQ(phase_requirements(10min).of_history, whole.of_history);
    const auto half = phase_requirements(5min);
    EXPECT_EQ(half.of_history.at("grants"), 25'000);
    EXPECT_EQ(half.of_history.at("expiries"), 10);
    EXPECT_EQ(half.of_history.at("zombies_rejected"), 2);
    EXPECT_EQ(half.of_history.at("depth"), whole.of_history.at("depth"));
    EXPECT_EQ(half.of_history.at("censuses"), 1);
    EXPECT_EQ(half.veteran_sessions, 2);
    EXPECT_TRUE(half.judges_veteran());
}

TEST(phase_requirements, OfAShortPhaseAreFewAndNeverNone)
{
    const auto r = phase_requirements(30s);
    for (const auto& [name, least] : r.of_history)
        EXPECT_GE(least, 1) << name;
    EXPECT_EQ(r.of_history.at("faults"), 7);
    EXPECT_EQ(r.of_history.at("fault_kinds"), 7);
    EXPECT_FALSE(r.judges_veteran()) << "it has hardly warmed up";
}

TEST(phase_length, LeavesNoScrap)
{
    EXPECT_EQ(phase_length(25min, 5min), 5min);
    EXPECT_EQ(phase_length(7min, 5min), 7min);
    EXPECT_EQ(phase_length(8min, 5min), 4min);
    EXPECT_EQ(phase_length(40s, 5min), 40s);
    EXPECT_EQ(phase_length(0s, 5min), 1s);
}

}  // namespace turnstile::chaos

// What counts as growth, and what does not.
#include "growth_chart.hpp"

#include <gtest/gtest.h>

#include <functional>

namespace turnstile::chaos {

namespace {

constexpr std::int64_t mib = 1'024 * 1'024;

/// Ten minutes of a process that occupies always the same, but for what `change` does to it.
growth_chart chart_of(const std::function<void(int look, footprint&)>& change)
{
    growth_chart chart;
    for (int look = 0; look < 1'200; ++look) {
        footprint f;
        f.resident = 16 * mib;
        f.heap = mib;
        f.descriptors = 24;
        change(look, f);
        chart.note(f);
    }
    return chart;
}

}  // namespace

TEST(growth_chart, WhatStaysAsItIsIsFlat)
{
    const auto chart = chart_of([](int, footprint&) {});
    EXPECT_TRUE(chart.findings().empty());
    EXPECT_EQ(chart.figures().at("veteran_rss_kib"), 16 * 1'024);
    EXPECT_EQ(chart.figures().at("veteran_rss_growth_permille"), 0);
    EXPECT_EQ(chart.figures().at("veteran_heap_growth_permille"), 0);
    EXPECT_EQ(chart.figures().at("veteran_descriptors_growth"), 0);
}

TEST(growth_chart, WarmingUpIsNotGrowth)
{
    const auto chart = chart_of([](int look, footprint& f) { f.resident = look < 250 ? look * mib / 16 : 16 * mib; });
    EXPECT_TRUE(chart.findings().empty());
}

TEST(growth_chart, AMomentIsNotGrowth)
{
    const auto chart = chart_of([](int look, footprint& f) {
        if (look % 10 == 0 && look > 900) {
            f.heap *= 3;
            f.descriptors += 6;
        }
    });
    EXPECT_TRUE(chart.findings().empty());
}

TEST(growth_chart, AFewPagesMoreAreNotGrowth)
{
    const auto chart = chart_of([](int look, footprint& f) { f.resident += look * 600; });
    EXPECT_TRUE(chart.findings().empty()) << chart.findings().front();
    EXPECT_GT(chart.figures().at("veteran_rss_growth_permille"), 0) << "but they are told";
}

TEST(growth_chart, AFewBytesWithEachCallAreGrowth)
{
    // Ten calls a second that keep 40 bytes each.
    const auto chart = chart_of([](int look, footprint& f) { f.heap += look * 200; });
    ASSERT_EQ(chart.findings().size(), 1U);
    EXPECT_EQ(chart.findings().front(), "grew: heap from 1111 to 1229 KiB");
    EXPECT_EQ(chart.figures().at("veteran_heap_growth_permille"), 105);
}

TEST(growth_chart, PagesThatAreNotGivenBackAreGrowth)
{
    const auto chart = chart_of([](int look, footprint& f) { f.resident += look * 4'096; });
    EXPECT_EQ(chart.findings().size(), 1U);
}

TEST(growth_chart, ADescriptorWithEachSessionIsGrowth)
{
    const auto chart = chart_of([](int look, footprint& f) { f.descriptors += look / 200; });
    ASSERT_EQ(chart.findings().size(), 1U);
    EXPECT_EQ(chart.findings().front(), "grew: descriptors from 26 to 29");
}

TEST(growth_chart, AFewLooksSayNothing)
{
    growth_chart chart;
    chart.note(footprint{});
    EXPECT_EQ(chart.findings().size(), 1U);
    EXPECT_EQ(growth_chart{}.figures().at("veteran_descriptors"), 0);
}

}  // namespace turnstile::chaos

// What the seed fixes.
#include "plan.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

namespace turnstile::chaos {

using namespace std::chrono_literals;

namespace {

using told = std::tuple<fault_kind, std::uint64_t, std::chrono::milliseconds, std::chrono::milliseconds>;

std::vector<told> first(int n, fault_plan plan)
{
    std::vector<told> faults;
    for (int i = 0; i < n; ++i) {
        const auto f = plan.next();
        faults.emplace_back(f.kind, f.target, f.length, f.before);
    }
    return faults;
}

std::set<fault_kind> kinds(const std::vector<told>& faults)
{
    std::set<fault_kind> found;
    for (const auto& f : faults)
        found.insert(std::get<0>(f));
    return found;
}

fault_plan of_clients(std::uint64_t seed, bool with_dns = true) { return fault_plan::of_clients(seed, with_dns, 2s); }

}  // namespace

TEST(fault_plan, TheSameSeedIsTheSamePlan)
{
    EXPECT_EQ(first(200, of_clients(7)), first(200, of_clients(7)));
    EXPECT_EQ(first(200, fault_plan::of_servers(7)), first(200, fault_plan::of_servers(7)));
}

TEST(fault_plan, AnotherSeedIsAnotherPlan)
{
    EXPECT_NE(first(20, of_clients(7)), first(20, of_clients(8)));
    EXPECT_NE(first(20, fault_plan::of_servers(7)), first(20, fault_plan::of_servers(8)));
}

TEST(fault_plan, EveryKindComesOnceBeforeAnyComesAgain)
{
    EXPECT_EQ(kinds(first(10, fault_plan::of_servers(3))).size(), 10U);
    EXPECT_EQ(kinds(first(15, of_clients(3))).size(), 15U);
}

TEST(fault_plan, NamesAreTakenAwayOnlyWhereTheyCanBe)
{
    EXPECT_TRUE(kinds(first(15, of_clients(3))).contains(fault_kind::dns_gone));
    EXPECT_FALSE(kinds(first(1000, of_clients(3, false))).contains(fault_kind::dns_gone));
}

TEST(fault_plan, WhoIsFrozenInItsTurnIsFrozenForLongerThanItsSessionLives)
{
    for (const auto& f : first(1000, of_clients(3))) {
        const auto length = std::get<2>(f);
        EXPECT_TRUE(std::get<0>(f) != fault_kind::freeze_holder || length > 2s);
    }
}

TEST(fault_plan, EveryKindHasANameOfItsOwn)
{
    std::set<std::string_view> names;
    for (int k = 0; k <= static_cast<int>(fault_kind::dns_gone); ++k)
        names.insert(name_of(static_cast<fault_kind>(k)));
    EXPECT_EQ(names.size(), static_cast<std::size_t>(fault_kind::dns_gone) + 1);
}

TEST(chaos_dice, EverybodyHasChancesOfTheirOwn)
{
    EXPECT_EQ(seed_for(1, "c1.1.0"), seed_for(1, "c1.1.0"));
    EXPECT_NE(seed_for(1, "c1.1.0"), seed_for(1, "c1.1.1"));
    EXPECT_NE(seed_for(1, "c1.1.0"), seed_for(2, "c1.1.0"));
    dice d{5};
    for (int i = 0; i < 1000; ++i) {
        EXPECT_LT(d.below(3), 3U);
        const auto t = d.between(5ms, 7ms);
        EXPECT_TRUE(t >= 5ms && t <= 7ms);
    }
}

}  // namespace turnstile::chaos

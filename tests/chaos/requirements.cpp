#include "requirements.hpp"

#include <algorithm>
#include <set>
#include <string>

namespace turnstile::chaos {

using namespace std::chrono_literals;

namespace {

constexpr std::chrono::seconds full_length = 10min;

/// A shorter run is over before what it does to memory can be told from its warm-up.
constexpr std::chrono::seconds judged_min = 2min;

/// Figures that a longer run does not make larger.
const std::set<std::string> timeless{"depth", "together", "fault_kinds", "probes", "censuses"};

}  // namespace

run_requirements smoke_requirements()
{
    run_requirements r;
    r.of_history = {{"grants", 2'000},     {"faults", 10},       {"expiries", 1}, {"zombies_rejected", 1},
                    {"leader_changes", 1}, {"places_seen", 100}, {"probes", 1},   {"censuses", 1},
                    {"readers", 100},      {"permits", 200},     {"together", 2}, {"handed_on", 20}};
    return r;
}

run_requirements chaos_requirements()
{
    run_requirements r;
    r.of_history = {{"grants", 50'000},
                    {"faults", 150},
                    {"fault_kinds", 15},
                    {"expiries", 20},
                    {"lost_creates_executed", 15},
                    {"lost_creates_adopted", 10},
                    {"lost_creates_absent", 15},
                    {"zombies_rejected", 5},
                    {"leader_changes", 10},
                    {"depth", 5},
                    {"readers", 2'000},
                    {"permits", 4'000},
                    {"together", 3},
                    {"handed_on", 500},
                    {"places_seen", 1'000},
                    {"probes", 1},
                    {"censuses", 1}};
    r.veteran_faults = 15;
    r.veteran_sessions = 4;
    return r;
}

run_requirements phase_requirements(std::chrono::seconds length)
{
    const auto share = [length](std::int64_t whole) { return std::max<std::int64_t>(1, whole * length / full_length); };
    auto r = chaos_requirements();
    for (auto& [name, least] : r.of_history)
        if (!timeless.contains(name))
            least = share(least);
    // A fault can be of one kind only.
    auto& kinds = r.of_history.at("fault_kinds");
    kinds = std::min(kinds, r.of_history.at("faults"));
    r.veteran_faults = length < judged_min ? 0 : share(r.veteran_faults);
    r.veteran_sessions = length < judged_min ? 0 : share(r.veteran_sessions);
    return r;
}

std::chrono::seconds phase_length(std::chrono::seconds remaining, std::chrono::seconds usual)
{
    const auto phases = std::max<std::int64_t>(1, (remaining + usual / 2) / usual);
    return std::max<std::chrono::seconds>(1s, remaining / phases);
}

}  // namespace turnstile::chaos

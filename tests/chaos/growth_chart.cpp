#include "growth_chart.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>

namespace turnstile::chaos {

namespace {

constexpr std::int64_t kib = 1'024;

/// Fewer looks say nothing about a quarter.
constexpr std::size_t looks_min = 80;

constexpr std::int64_t growth_permille_max = 50;

struct measure {
    const char* name;
    std::int64_t footprint::*what;
    /// By so much a process may grow that leaks nothing, whatever it is in permille.
    std::int64_t allowance;
    std::int64_t unit;
};

const measure measures[]{
    // Each connection has two threads; the allocator gives threads arenas of their own, up to eight a core, and touches a
    // page of an arena when it is first needed and keeps it.
    {"rss", &footprint::resident, 1'024 * kib, kib},
    // A call under way has some KiB.
    {"heap", &footprint::heap, 16 * kib, kib},
    // A connection that is being replaced, if the median should hit it.
    {"descriptors", &footprint::descriptors, 1, 1},
};

std::int64_t median(std::vector<std::int64_t> values)
{
    if (values.empty())
        return 0;
    const auto middle = values.begin() + std::ssize(values) / 2;
    std::ranges::nth_element(values, middle);
    return *middle;
}

}  // namespace

void growth_chart::note(const footprint& f) { looks_.push_back(f); }

growth_chart::comparison growth_chart::compare(std::int64_t footprint::*what) const
{
    const auto quarter = [&](std::size_t number) {
        std::vector<std::int64_t> values;
        for (auto i = looks_.size() * number / 4; i < looks_.size() * (number + 1) / 4; ++i)
            values.push_back(looks_[i].*what);
        return median(std::move(values));
    };
    return {quarter(1), quarter(3)};
}

std::map<std::string, std::int64_t> growth_chart::figures() const
{
    std::map<std::string, std::int64_t> all;
    for (const auto& m : measures) {
        const auto c = compare(m.what);
        const auto name = std::string{"veteran_"} + m.name;
        all[name + (m.unit == kib ? "_kib" : "")] = c.late / m.unit;
        all[name + (m.unit == kib ? "_growth_permille" : "_growth")] = m.unit == kib ? c.permille() : c.growth();
    }
    return all;
}

std::vector<std::string> growth_chart::findings() const
{
    if (looks_.size() < looks_min)
        return {"was looked at " + std::to_string(looks_.size()) + " times: too few to tell"};
    std::vector<std::string> grown;
    for (const auto& m : measures)
        if (const auto c = compare(m.what); c.permille() > growth_permille_max && c.growth() > m.allowance)
            grown.push_back(std::string{"grew: "} + m.name + " from " + std::to_string(c.early / m.unit) + " to " +
                            std::to_string(c.late / m.unit) + (m.unit == kib ? " KiB" : ""));
    return grown;
}

}  // namespace turnstile::chaos

#include "history_rules.hpp"

#include <algorithm>
#include <numeric>

namespace turnstile::inline v0::testing {

const std::vector<history_rule>& history_rules()
{
    static const std::vector<history_rule> all{
        {"calls_end_once", "every call is answered exactly once, or its process was killed", calls_end_once},
        {"leases_end_once", "every lease is released once, or lost, or its process was killed", leases_end_once},
        {"tokens_are_unique", "no two leases of a key have one token: one leader per epoch", tokens_are_unique},
        {"late_effects_are_fenced", "the resource accepts nothing of an earlier holder behind a later one's first effect",
         late_effects_are_fenced},
        {"holders_exclude",
         "holders that exclude each other overlap only where the earlier one's deadline had passed, or it was lost and did "
         "no harm",
         holders_exclude},
        {"permits_fit", "the permits that are out never exceed the maximum", permits_fit},
        {"holders_know_in_time", "nobody believes to hold behind the own deadline", holders_know_in_time},
        {"grants_follow_tokens", "grants come in the order of tokens: nobody is overtaken", grants_follow_tokens},
        {"first_come_first_served", "who was in the line before another called has the smaller token",
         first_come_first_served},
        {"lines_move", "no line stands still while nobody holds and servers and network are well", lines_move},
        {"fresh_clients_are_served", "when all is over, a fresh client gets every key at once", fresh_clients_are_served},
        {"nothing_is_left", "when all is over, no node and no watch is left", nothing_is_left},
    };
    return all;
}

rule_findings::rule_findings(std::string_view rule, std::string_view promise, std::size_t told_max) : told_max_{told_max}
{
    finding_.rule = rule;
    finding_.promise = promise;
}

void rule_findings::broken(std::string_view key, const std::string& what, event_refs evidence)
{
    ++finding_.violations;
    if (violations_.size() == told_max_)
        return;
    auto& v = violations_.emplace_back();
    v.rule = finding_.rule;
    v.key = key;
    v.what = what;
    for (const auto* e : evidence)
        v.evidence.push_back(*e);
}

event_refs stories(std::initializer_list<const attempt*> of, std::initializer_list<event_ref> more)
{
    event_refs all;
    for (const auto* a : of)
        if (a != nullptr)
            std::ranges::copy(a->story(), std::back_inserter(all));
    std::ranges::copy_if(more, std::back_inserter(all), [](event_ref e) { return e != nullptr; });
    std::ranges::stable_sort(all, {}, [](event_ref e) { return std::pair{e->monotonic, e}; });
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
}

namespace {

std::vector<std::string> unmet_of(const history_figures& figures, const history_requirements& required)
{
    std::vector<std::string> unmet;
    for (const auto& [name, least] : required) {
        const auto found = figures.find(name);
        const auto value = found == figures.end() ? 0 : found->second;
        if (value < least)
            unmet.push_back(name + ": " + std::to_string(value) + ", and it takes " + std::to_string(least));
    }
    return unmet;
}

}  // namespace

std::int64_t history_verdict::violations_in_all() const noexcept
{
    return std::accumulate(rules.begin(), rules.end(), std::int64_t{0},
                           [](auto sum, const auto& r) { return sum + r.violations; });
}

history_verdict judge(std::vector<history_event> history, const judge_options& how)
{
    std::ranges::stable_sort(history, {}, &history_event::monotonic);
    const history_index index{history};
    history_verdict v;
    for (const auto& rule : history_rules()) {
        rule_findings found{rule.name, rule.promise, how.told_max};
        if (!history.empty())
            rule.look(index, how, found);
        v.rules.push_back(found.finding());
        std::ranges::move(found.take_violations(), std::back_inserter(v.violations));
    }
    v.figures = figures_of(index);
    v.faults = faults_by_kind(index);
    v.unmet = unmet_of(v.figures, how.required);
    if (v.violations_in_all() > 0)
        v.ruling = history_ruling::broken;
    else
        v.ruling = v.unmet.empty() ? history_ruling::kept : history_ruling::empty;
    return v;
}

}  // namespace turnstile::inline v0::testing

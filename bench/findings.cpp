#include "findings.hpp"

#include "numbers.hpp"
#include "statistics.hpp"

#include <algorithm>

namespace bench {
namespace {

/// Round by round, and the median of that: what drifts over the minutes of a run cancels out.
std::optional<double> ratio(const std::vector<double>& some, const std::vector<double>& others)
{
    std::vector<double> ratios;
    for (std::size_t round = 0; round < std::min(some.size(), others.size()); ++round) {
        if (others[round] > 0)
            ratios.push_back(some[round] / others[round]);
    }
    return ratios.empty() ? std::nullopt : std::optional{median(ratios)};
}

/// To the same measure in the same style, in another workload.
std::optional<double> ratio_to_workload(const std::string& title, const row& r, const std::vector<findings>& all)
{
    const auto there = std::find_if(all.begin(), all.end(), [&](const findings& f) { return f.what.title == title; });
    if (there == all.end())
        return std::nullopt;
    const auto& style = r.of.what.ours[r.style].style;
    for (const auto& other : rows_of(*there)) {
        if (other.measured.name == r.measured.name && there->what.ours[other.style].style == style)
            return ratio(r.ours(), other.ours());
    }
    return std::nullopt;
}

std::optional<double> judged_by(const target& t, const row& r, const std::vector<findings>& all)
{
    if (!t.peer.empty())
        return r.ratio_to(t.peer);
    if (!t.workload.empty())
        return ratio_to_workload(t.workload, r, all);
    const auto ours = r.ours();
    return ours.empty() ? std::nullopt : std::optional{median(ours)};
}

}  // namespace

std::vector<double> column(const std::vector<reading>& rounds, const std::string& name)
{
    std::vector<double> values;
    for (const auto& round : rounds) {
        if (const auto found = round.values.find(name); found != round.values.end())
            values.push_back(found->second);
    }
    return values;
}

std::vector<double> samples_of(const std::vector<reading>& rounds, const std::string& name)
{
    std::vector<double> all;
    for (const auto& round : rounds) {
        if (const auto found = round.samples.find(name); found != round.samples.end())
            all.insert(all.end(), found->second.begin(), found->second.end());
    }
    return all;
}

std::vector<double> row::ours() const { return column(of.ours[style], measured.name); }

std::vector<double> row::theirs(const std::string& peer) const
{
    for (std::size_t i = 0; i < of.what.peers.size(); ++i) {
        if (of.what.peers[i].name == peer)
            return column(of.theirs[i], measured.name);
    }
    return {};
}

std::optional<double> row::ratio_to(const std::string& peer) const { return ratio(ours(), theirs(peer)); }

std::vector<row> rows_of(const findings& f)
{
    std::vector<row> rows;
    for (std::size_t style = 0; style < f.what.ours.size(); ++style) {
        for (const auto& m : f.what.measures)
            rows.push_back({f, m, style});
    }
    return rows;
}

std::optional<bool> is_met(const target& t, const row& r, const std::vector<findings>& all)
{
    const auto judged = judged_by(t, r, all);
    if (!judged)
        return std::nullopt;
    return t.is_ceiling ? *judged <= t.bar : *judged >= t.bar;
}

std::string in_words(const target& t)
{
    const auto sign = std::string{t.is_ceiling ? "≤ " : "≥ "};
    if (!t.peer.empty())
        return sign + text("%.2f", t.bar) + " × " + t.peer;
    if (!t.workload.empty())
        return sign + text("%.2f", t.bar) + " × “" + t.workload + "”";
    return sign + text("%g", t.bar);
}

}  // namespace bench

#include "report.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <optional>
#include <thread>

namespace bench {
namespace {

using json = nlohmann::ordered_json;

std::string text(const char* format, double value)
{
    std::array<char, 64> buffer{};
    std::snprintf(buffer.data(), buffer.size(), format, value);
    return buffer.data();
}

std::string number(double value)
{
    const double size = value < 0 ? -value : value;
    return text(size < 10 ? "%.2f" : size < 100 ? "%.1f" : "%.0f", value);
}

std::string in_words(const target& t, const peer& beside)
{
    switch (t.how) {
        case target::at_most_times_peer:
            return "≤ " + text("%.2f", t.bar) + " × " + beside.word;
        case target::at_least_times_peer:
            return "≥ " + text("%.2f", t.bar) + " × " + beside.word;
        default:
            return "≤ " + text("%.0f", t.bar);
    }
}

/// Nothing when a side has not taken part.
std::optional<bool> is_met(const measure& m, std::optional<double> ratio, const std::vector<double>& ours)
{
    if (!m.wanted || ours.empty())
        return std::nullopt;
    if (m.wanted->how == target::at_most)
        return median(ours) <= m.wanted->bar;
    if (!ratio)
        return std::nullopt;
    return m.wanted->how == target::at_most_times_peer ? *ratio <= m.wanted->bar : *ratio >= m.wanted->bar;
}

std::string verdict(std::optional<bool> met)
{
    if (!met)
        return "";
    return *met ? "yes" : "**no**";
}

std::vector<double> column(const std::vector<reading>& rounds, const std::string& name)
{
    std::vector<double> values;
    for (const auto& round : rounds) {
        if (const auto found = round.find(name); found != round.end())
            values.push_back(found->second);
    }
    return values;
}

std::string cell(const std::vector<double>& values)
{
    if (values.empty())
        return "–";
    return number(median(values)) + (values.size() > 1 ? " ±" + text("%.0f", spread(values) * 50) + " %" : "");
}

/// Ours to theirs, round by round, and the median of that: what drifts over the minutes of a run cancels out.
std::optional<double> ratio_of(const std::vector<double>& ours, const std::vector<double>& theirs)
{
    std::vector<double> ratios;
    for (std::size_t round = 0; round < std::min(ours.size(), theirs.size()); ++round) {
        if (theirs[round] > 0)
            ratios.push_back(ours[round] / theirs[round]);
    }
    return ratios.empty() ? std::nullopt : std::optional{median(ratios)};
}

json summary(const std::vector<double>& values)
{
    if (values.empty())
        return nullptr;
    return {{"median", median(values)}, {"spread", spread(values)}, {"rounds", values}};
}

/// Calls f(measure, style, values of theirs, values of ours) for each line of the report.
template <class F>
void for_each_line(const findings& f, F line)
{
    for (std::size_t style = 0; style < f.what.ours.size(); ++style) {
        for (const auto& m : f.what.measures)
            line(m, f.what.ours[style].style, column(f.theirs, m.name), column(f.ours[style], m.name));
    }
}

}  // namespace

std::string as_markdown(const std::vector<findings>& all)
{
    std::string table = "| | workload | measure | " + all.front().what.beside.name +
                        " | Turnstile | ratio | target | met |\n"
                        "|---|---|---|--:|--:|--:|---|---|\n";
    for (const auto& f : all) {
        for_each_line(f, [&](const measure& m, const std::string& style, const auto& theirs, const auto& ours) {
            const auto ratio = ratio_of(ours, theirs);
            table += "| " + m.id + " | " + f.what.title + ", " + style + " | " + m.name + " | " + cell(theirs) + " | " +
                     cell(ours) + " | " + (ratio ? text("%.2f", *ratio) : "–") + " | " +
                     (m.wanted ? in_words(*m.wanted, f.what.beside) : "") + " | " + verdict(is_met(m, ratio, ours)) + " |\n";
        });
    }
    return table;
}

std::string as_json(const std::vector<findings>& all)
{
    json results = json::array();
    for (const auto& f : all) {
        for_each_line(f, [&](const measure& m, const std::string& style, const auto& theirs, const auto& ours) {
            json line{{"id", m.id},
                      {"workload", f.what.title},
                      {"style", style},
                      {"measure", m.name},
                      {f.what.beside.word, summary(theirs)},
                      {"ours", summary(ours)}};
            const auto ratio = ratio_of(ours, theirs);
            if (ratio)
                line["ratio"] = *ratio;
            if (const auto met = is_met(m, ratio, ours)) {
                line["target"] = in_words(*m.wanted, f.what.beside);
                line["met"] = *met;
            }
            results.push_back(std::move(line));
        });
    }
    const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    return json{{"unix_time", now}, {"cores", std::thread::hardware_concurrency()}, {"results", std::move(results)}}.dump(
               1) +
           '\n';
}

}  // namespace bench

#include "report.hpp"

#include "numbers.hpp"
#include "statistics.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <thread>

namespace bench {
namespace {

using json = nlohmann::ordered_json;

std::string number(double value)
{
    const double size = std::abs(value);
    return text(size < 10 ? "%.2f" : size < 100 ? "%.1f" : "%.0f", value);
}

std::string cell(const std::vector<double>& values)
{
    if (values.empty())
        return "–";
    return number(median(values)) + (values.size() > 1 ? " ±" + text("%.0f", spread(values) * 50) + " %" : "");
}

std::string ratio_cell(const std::optional<double>& ratio) { return ratio ? text("%.2f", *ratio) : "–"; }

std::string verdict(const std::optional<bool>& met) { return !met ? "–" : *met ? "yes" : "**no**"; }

/// The peers that have a column of their own: whoever is the limit of its workload shares one.
std::vector<std::string> libraries_in(const std::vector<findings>& all)
{
    std::vector<std::string> names{"Curator", "kazoo"};
    for (const auto& f : all) {
        for (const auto& p : f.what.peers) {
            if (!p.is_limit && std::find(names.begin(), names.end(), p.name) == names.end())
                names.push_back(p.name);
        }
    }
    return names;
}

std::string limit_of(const findings& f)
{
    const auto limit = std::find_if(f.what.peers.begin(), f.what.peers.end(), [](const peer& p) { return p.is_limit; });
    return limit == f.what.peers.end() ? "" : limit->name;
}

/// Says who it is where it is not the raw client.
std::string limit_cell(const row& r, const std::string& limit)
{
    const auto theirs = cell(r.theirs(limit));
    return limit.empty() || limit == "raw" ? theirs : theirs + " (" + limit + ')';
}

template <class Each>
std::string joined(const std::vector<target>& targets, Each words)
{
    std::string all;
    for (const auto& t : targets)
        all += (all.empty() ? "" : ", ") + words(t);
    return all;
}

std::string head(const std::vector<std::string>& names)
{
    std::string columns = "| | workload | measure | limit (raw) |";
    std::string rule = "|---|---|---|--:|";
    for (const auto& name : names) {
        columns += ' ' + name + " |";
        rule += "--:|";
    }
    return columns + " Turnstile | ratio to limit | ratio to Curator | targets | met |\n" + rule + "--:|--:|--:|---|---|\n";
}

std::string line(const row& r, const std::vector<std::string>& names, const std::vector<findings>& all)
{
    const auto limit = limit_of(r.of);
    std::string line = "| " + r.measured.id + " | " + r.title() + " | " + r.measured.name + " | " + limit_cell(r, limit);
    for (const auto& name : names)
        line += " | " + cell(r.theirs(name));
    return line + " | " + cell(r.ours()) + " | " + ratio_cell(r.ratio_to(limit)) + " | " +
           ratio_cell(r.ratio_to("Curator")) + " | " + joined(r.measured.targets, in_words) + " | " +
           joined(r.measured.targets, [&](const target& t) { return verdict(is_met(t, r, all)); }) + " |\n";
}

json summary(const std::vector<double>& values)
{
    if (values.empty())
        return nullptr;
    return {{"median", median(values)}, {"spread", spread(values)}, {"rounds", values}};
}

json summary(const row& r, const std::vector<findings>& all)
{
    json line{{"id", r.measured.id},        {"workload", r.of.what.title}, {"style", r.of.what.ours[r.style].style},
              {"measure", r.measured.name}, {"peers", json::object()},     {"ours", summary(r.ours())},
              {"ratios", json::object()},   {"targets", json::array()}};
    for (const auto& p : r.of.what.peers) {
        line["peers"][p.name] = summary(r.theirs(p.name));
        if (const auto ratio = r.ratio_to(p.name))
            line["ratios"][p.name] = *ratio;
    }
    for (const auto& t : r.measured.targets) {
        const auto met = is_met(t, r, all);
        line["targets"].push_back({{"wanted", in_words(t)}, {"met", met ? json(*met) : json(nullptr)}});
    }
    return line;
}

json distribution(const std::vector<double>& values)
{
    json percentiles = json::array();
    for (int hundredth = 1; hundredth < 100; ++hundredth)
        percentiles.push_back({hundredth, percentile(values, hundredth / 100.0)});
    percentiles.push_back({99.9, percentile(values, 0.999)});
    return {{"samples", values.size()}, {"percentiles", std::move(percentiles)}};
}

/// One for each kind of sample that a side of the workload has.
void add_distributions(json& to, const findings& f)
{
    std::map<std::string, json> by_name;
    const auto add = [&](const std::string& side, const std::vector<reading>& rounds) {
        if (rounds.empty())
            return;
        for (const auto& [name, _] : rounds.front().samples)
            by_name[name][side] = distribution(samples_of(rounds, name));
    };
    for (std::size_t i = 0; i < f.what.peers.size(); ++i)
        add(f.what.peers[i].name, f.theirs[i]);
    for (std::size_t i = 0; i < f.what.ours.size(); ++i)
        add("Turnstile, " + f.what.ours[i].style, f.ours[i]);
    for (auto& [name, sides] : by_name)
        to.push_back({{"workload", f.what.title}, {"samples", name}, {"sides", std::move(sides)}});
}

}  // namespace

std::string as_markdown(const std::vector<findings>& all)
{
    const auto names = libraries_in(all);
    auto table = head(names);
    for (const auto& f : all) {
        for (const auto& r : rows_of(f))
            table += line(r, names, all);
    }
    return table;
}

std::string as_json(const std::vector<findings>& all)
{
    json results = json::array();
    json distributions = json::array();
    for (const auto& f : all) {
        for (const auto& r : rows_of(f))
            results.push_back(summary(r, all));
        add_distributions(distributions, f);
    }
    const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    return json{{"unix_time", now},
                {"cores", std::thread::hardware_concurrency()},
                {"results", std::move(results)},
                {"distributions", std::move(distributions)}}
               .dump(1) +
           '\n';
}

}  // namespace bench

#include "soak.hpp"

#include "page.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <set>
#include <string>
#include <vector>

namespace turnstile::chaos {

namespace {

using json = nlohmann::ordered_json;

/// Figures that are a worst case, not a sum.
const std::set<std::string> extremes{"depth",
                                     "fault_kinds",
                                     "keys",
                                     "longest_standstill_ms",
                                     "longest_wait_after_heal_ms",
                                     "processes",
                                     "together",
                                     "veteran_descriptors",
                                     "veteran_descriptors_growth",
                                     "veteran_heap_growth_permille",
                                     "veteran_heap_kib",
                                     "veteran_rss_growth_permille",
                                     "veteran_rss_kib"};

/// The book of a soak, and what its phases make together.
class book {
public:
    explicit book(std::filesystem::path file) : file_{std::move(file)}
    {
        std::ifstream in{file_};
        for (std::string line; std::getline(in, line);)
            // A line that was cut off is a phase that does not count.
            if (const auto phase = json::parse(line, nullptr, false); !phase.is_discarded())
                add(phase);
    }

    void append(const json& phase)
    {
        std::ofstream out{file_, std::ios::app};
        if (!(out << phase.dump() << '\n').flush())
            throw std::runtime_error{"cannot append to " + file_.string()};
        add(phase);
    }

    std::size_t phases() const { return phases_; }
    bool good() const { return phases_ > 0 && bad_ == 0 && unmet().empty(); }
    void print() const
    {
        std::cout << "soak: " << phases_ << " phases, " << bad_ << " of them not good, " << violations_ << " violations\n";
        for (const auto& [name, value] : figures_)
            std::cout << "  " << name << ' ' << value << '\n';
        for (const auto& missing : unmet())
            std::cout << "  too few to prove anything: " << missing << '\n';
        std::cout << std::flush;
    }

private:
    /// Chance is uneven: what one phase is short of, the others make up for. So it is asked of all of them together.
    std::vector<std::string> unmet() const
    {
        std::vector<std::string> missing;
        for (const auto& [name, least] : phase_requirements(length_).of_history) {
            const auto found = figures_.find(name);
            const auto value = found == figures_.end() ? 0 : found->second;
            if (value < least)
                missing.push_back(name + ": " + std::to_string(value) + ", and it takes " + std::to_string(least));
        }
        return missing;
    }

    void add(const json& phase)
    {
        ++phases_;
        length_ += std::chrono::seconds{phase.at("seconds").get<std::int64_t>()};
        bad_ += phase.at("good").get<bool>() ? 0 : 1;
        violations_ += phase.at("violations").get<std::int64_t>();
        for (const auto& [name, value] : phase.at("figures").items()) {
            const auto [sum, first] = figures_.try_emplace(name, value.get<std::int64_t>());
            if (!first)
                sum->second = extremes.contains(name) ? std::max(sum->second, value.get<std::int64_t>())
                                                      : sum->second + value.get<std::int64_t>();
        }
    }

    const std::filesystem::path file_;
    std::size_t phases_ = 0;
    std::size_t bad_ = 0;
    std::chrono::seconds length_{0};
    std::int64_t violations_ = 0;
    std::map<std::string, std::int64_t> figures_;
};

/// A phase in which too little happened has not failed: see book::unmet.
bool nothing_wrong(const run_result& result) { return result.sound() && result.veteran.empty(); }

json line_of(const run_options& how, const run_result& result)
{
    return {{"seed", how.stage.seed},           {"seconds", how.length.count()},
            {"good", nothing_wrong(result)},    {"violations", result.verdict.violations_in_all()},
            {"unmet", result.verdict.unmet},    {"stuck", result.stuck},
            {"veteran", result.veteran},        {"harness", result.harness},
            {"figures", result.verdict.figures}};
}

}  // namespace

bool soak(soak_options how, const std::function<bool()>& interrupted)
{
    const auto directory = how.phase.stage.directory;
    const auto seed = how.phase.stage.seed;
    const auto usual = how.phase.length;
    std::filesystem::create_directories(directory);
    book phases{directory / "soak.jsonl"};
    const auto end = std::chrono::steady_clock::now() + how.length;
    while (std::chrono::steady_clock::now() < end && !interrupted()) {
        how.phase.stage.seed = seed + phases.phases();
        how.phase.stage.directory = directory / ("phase-" + std::to_string(phases.phases() + 1));
        how.phase.length =
            phase_length(std::chrono::ceil<std::chrono::seconds>(end - std::chrono::steady_clock::now()), usual);
        how.phase.required = phase_requirements(how.phase.length);
        std::cout << "phase " << phases.phases() + 1 << ", seed " << how.phase.stage.seed << ", " << how.phase.length.count()
                  << " s" << std::endl;
        const auto result = run(how.phase, interrupted);
        save(how.phase, result);
        if (interrupted() && result.sound()) {
            std::cout << page_of(how.phase, result) << "This phase was broken off, so it is not counted.\n";
            break;
        }
        phases.append(line_of(how.phase, result));
        if (nothing_wrong(result))
            std::filesystem::remove(how.phase.stage.directory / "history.jsonl");
        else
            std::cout << page_of(how.phase, result);
        phases.print();
    }
    return phases.good();
}

}  // namespace turnstile::chaos

#include "run.hpp"

#include "aftermath.hpp"
#include "nemesis.hpp"
#include "observer.hpp"

#include <algorithm>
#include <iostream>
#include <thread>

namespace turnstile::chaos {

using namespace std::chrono_literals;

namespace {

constexpr auto progress_every = 10s;

/// A busy machine gets twice the time for what it has to bring about.
bool time_is_up(std::chrono::steady_clock::duration played, std::size_t grants, const run_options& how)
{
    const auto wanted = how.required.find("grants");
    const bool enough = wanted == how.required.end() || static_cast<std::int64_t>(grants) >= wanted->second;
    return played >= (enough ? 1 : 2) * how.length;
}

void play(stage& where, const run_options& how, const std::function<bool()>& interrupted)
{
    observer looking{where};
    nemesis striking{where, how.stage.seed, !how.stage.names.empty()};
    const auto begin = std::chrono::steady_clock::now();
    auto told = begin;
    auto& written = where.protected_resource();
    for (auto now = begin; !interrupted() && !time_is_up(now - begin, written.holdings(), how);
         now = std::chrono::steady_clock::now()) {
        std::this_thread::sleep_for(50ms);
        if (now < told + progress_every)
            continue;
        told = now;
        std::cout << "  " << (now - begin) / 1s << " s: " << written.holdings() << " leases, " << written.effects()
                  << " effects, " << striking.faults() << " faults" << std::endl;
    }
    striking.stop();
    looking.stop();
}

std::map<std::string, std::int64_t> reasons(const std::vector<testing::history_event>& history)
{
    std::map<std::string, std::int64_t> found;
    for (const auto& e : history)
        if (e.type == testing::history_event_type::failed)
            ++found[e.detail];
    return found;
}

}  // namespace

testing::history_requirements chaos_requirements()
{
    return {{"grants", 50'000},
            {"faults", 150},
            {"fault_kinds", 15},
            {"expiries", 20},
            {"lost_creates_executed", 15},
            {"lost_creates_adopted", 10},
            {"lost_creates_absent", 15},
            {"zombies_rejected", 5},
            {"leader_changes", 10},
            {"depth", 5},
            {"places_seen", 1'000},
            {"probes", 1},
            {"censuses", 1}};
}

testing::history_requirements smoke_requirements()
{
    return {{"grants", 2'000},     {"faults", 10},       {"expiries", 1}, {"zombies_rejected", 1},
            {"leader_changes", 1}, {"places_seen", 100}, {"probes", 1},   {"censuses", 1}};
}

run_result run(const run_options& how, const std::function<bool()>& interrupted)
{
    run_result result;
    std::filesystem::create_directories(how.stage.directory);
    const auto file = how.stage.directory / "history.jsonl";
    std::filesystem::remove(file);
    try {
        stage where{how.stage};
        try {
            play(where, how, interrupted);
            result.stuck = see_it_out(where).stuck;
        } catch (...) {
            where.abandon();
            throw;
        }
    } catch (const std::exception& e) {
        result.harness = e.what();
    }
    auto history = testing::read_history(file);
    result.failures = reasons(history);
    testing::judge_options strict;
    strict.session_timeout = how.stage.session_timeout;
    strict.required = how.required;
    result.verdict = testing::judge(std::move(history), strict);
    return result;
}

}  // namespace turnstile::chaos

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
constexpr auto look_every = 500ms;

/// A busy machine gets twice the time for what it has to bring about.
bool time_is_up(std::chrono::steady_clock::duration played, std::size_t grants, const run_options& how)
{
    const bool enough = static_cast<std::int64_t>(grants) >= how.required.of_history.at("grants");
    return played >= (enough ? 1 : 2) * how.length;
}

/// Whether so much time has gone by since it last said so.
class interval {
public:
    explicit interval(std::chrono::milliseconds length) : length_{length} {}

    bool over(std::chrono::steady_clock::time_point now)
    {
        if (now < next_)
            return false;
        next_ = now + length_;
        return true;
    }

private:
    const std::chrono::milliseconds length_;
    std::chrono::steady_clock::time_point next_ = std::chrono::steady_clock::now() + length_;
};

growth_chart play(stage& where, const run_options& how, const std::function<bool()>& interrupted)
{
    observer looking{where};
    nemesis striking{where, how.stage.seed, !how.stage.names.empty()};
    const auto begin = std::chrono::steady_clock::now();
    interval telling{progress_every};
    interval looking_at_veteran{look_every};
    growth_chart chart;
    auto& written = where.protected_resource();
    for (auto now = begin; !interrupted() && !time_is_up(now - begin, written.holdings(), how);
         now = std::chrono::steady_clock::now()) {
        std::this_thread::sleep_for(50ms);
        if (looking_at_veteran.over(now))
            chart.note(where.veteran().occupied());
        if (telling.over(now))
            std::cout << "  " << (now - begin) / 1s << " s: " << written.holdings() << " leases, " << written.effects()
                      << " effects, " << striking.faults() << " faults" << std::endl;
    }
    striking.stop();
    looking.stop();
    return chart;
}

std::map<std::string, std::int64_t> reasons(const std::vector<testing::history_event>& history)
{
    std::map<std::string, std::int64_t> found;
    for (const auto& e : history)
        if (e.type == testing::history_event_type::failed)
            ++found[e.detail];
    return found;
}

/// What the veteran went through.
testing::history_figures fate_of(const std::string& veteran, const std::vector<testing::history_event>& history)
{
    testing::history_figures fate{{"veteran_faults", 0}, {"veteran_sessions_over", 0}};
    for (const auto& e : history) {
        if (e.type == testing::history_event_type::fault && e.victim == veteran)
            ++fate["veteran_faults"];
        if (e.type == testing::history_event_type::session_over && e.process == veteran)
            ++fate["veteran_sessions_over"];
    }
    return fate;
}

std::vector<std::string> findings(const growth_chart& chart, const testing::history_figures& figures,
                                  const run_requirements& required)
{
    if (!required.judges_veteran())
        return {};
    auto found = chart.findings();
    if (const auto n = figures.at("veteran_faults"); n < required.veteran_faults)
        found.push_back("met " + std::to_string(n) + " faults: too few to tell");
    if (const auto n = figures.at("veteran_sessions_over"); n < required.veteran_sessions)
        found.push_back("lost " + std::to_string(n) + " sessions: too few to tell");
    return found;
}

}  // namespace

run_result run(const run_options& how, const std::function<bool()>& interrupted)
{
    run_result result;
    std::filesystem::create_directories(how.stage.directory);
    const auto file = how.stage.directory / "history.jsonl";
    std::filesystem::remove(file);
    growth_chart chart;
    std::string veteran;
    try {
        stage where{how.stage};
        try {
            veteran = where.veteran().name();
            chart = play(where, how, interrupted);
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
    auto of_veteran = fate_of(veteran, history);
    of_veteran.merge(chart.figures());
    result.veteran = findings(chart, of_veteran, how.required);
    testing::judge_options strict;
    strict.session_timeout = how.stage.session_timeout;
    strict.required = how.required.of_history;
    result.verdict = testing::judge(std::move(history), strict);
    result.verdict.figures.merge(of_veteran);
    return result;
}

}  // namespace turnstile::chaos

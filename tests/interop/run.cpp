#include "run.hpp"

#include "cast.hpp"
#include "observer.hpp"

#include <turnstile/recipes/mutex.hpp>
#include <turnstile/result.hpp>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace turnstile::interop {

using namespace std::chrono_literals;
using testing::history_event;
using testing::history_event_type;

namespace {

constexpr auto look_every = 20ms;
constexpr auto patience = 60s;

/// Counts grants, as the history grows.
class tally {
public:
    explicit tally(const std::filesystem::path& history) : file_{history} {}

    void look()
    {
        file_.clear();
        for (std::string line; std::getline(file_, line); rest_.clear()) {
            rest_ += line;
            if (file_.eof())
                return;  // the other half comes later
            count(testing::parse_event(rest_));
        }
    }

    const grants_by_language& grants() const { return grants_; }
    std::int64_t of(language l) const { return grants_.contains(l) ? grants_.at(l) : 0; }

private:
    void count(const history_event& e)
    {
        if (e.type == history_event_type::granted)
            ++grants_[language_of(e.process)];
    }

    std::ifstream file_;
    std::string rest_;
    grants_by_language grants_;
};

/// Until this language has had `share` grants. Throws when it has none for a long time.
void await_share(language l, std::int64_t share, const cast& who, tally& grants)
{
    using clock = std::chrono::steady_clock;
    auto until = clock::now() + patience;
    for (std::int64_t had = 0; grants.of(l) < share; grants.look()) {
        who.check_that_all_live();
        if (had != grants.of(l))
            until = clock::now() + patience;
        had = grants.of(l);
        if (clock::now() > until)
            throw std::runtime_error{std::string{name_of(l)} + " has had " + std::to_string(had) +
                                     " grants, and no more for a minute"};
        std::this_thread::sleep_for(look_every);
    }
}

contender_options contenders_of(const run_options& how)
{
    contender_options o;
    o.as = how.read_write ? "mixed" : "mutex";
    o.names = how.kazoo_names;
    o.callers = how.callers;
    return o;
}

void play(arena& where, cast& who, const run_options& how, run_result& result)
{
    tally grants{where.ground().history};
    observer looking{where};
    for (int round = 0; round <= how.kills; ++round)
        for (const auto l : how.spoken) {
            await_share(l, how.share * (round + 1) / (how.kills + 1), who, grants);
            if (round < how.kills)
                who.kill(l, round % 2 == 0);
        }
    result.stuck = who.send_home();
    grants.look();
    result.grants = grants.grants();
}

/// A fresh client is served at once, and when the sessions of the killed have ended nothing is left of anybody.
void see_what_is_left(arena& where)
{
    history_event fresh{history_event_type::probe, "fresh", where.ground().key};
    const auto begin = std::chrono::steady_clock::now();
    {
        const blocking::session s{session_options{where.ground().servers}};
        const auto got = s.wait(as_result(mutex{s, where.ground().path}.acquire(20s)));
        fresh.waited = std::chrono::steady_clock::now() - begin;
        fresh.accepted = got.has_value();
    }
    where.log().append(fresh);
    history_event census{history_event_type::census};
    for (const auto until = std::chrono::steady_clock::now() + where.ground().session_timeout + 5s;;) {
        census.nodes = static_cast<std::int64_t>(where.places().size());
        census.watches = where.servers().metric("zk_watch_count");
        if ((census.nodes == 0 && census.watches == 0) || std::chrono::steady_clock::now() > until)
            break;
        std::this_thread::sleep_for(look_every);
    }
    where.log().append(census);
}

/// Grants of readers that met a reader of another language inside.
std::int64_t shared_turns(const std::vector<history_event>& history)
{
    std::int64_t shared = 0;
    std::map<std::string, std::string> inside;  // process by call
    for (const auto& e : history) {
        if (e.type == history_event_type::killed)
            std::erase_if(inside, [&](const auto& reader) { return reader.second == e.victim; });
        if (e.type == history_event_type::released || e.type == history_event_type::lost)
            inside.erase(e.op);
        if (e.type != history_event_type::granted || e.kind != testing::holding_kind::reader)
            continue;
        const auto other = [&](const auto& reader) { return language_of(reader.second) != language_of(e.process); };
        shared += std::ranges::any_of(inside, other) ? 1 : 0;
        inside.emplace(e.op, e.process);
    }
    return shared;
}

std::int64_t violations_of(const testing::history_verdict& v, std::initializer_list<std::string_view> rules)
{
    std::int64_t sum = 0;
    for (const auto& r : v.rules)
        if (std::ranges::find(rules, r.rule) != rules.end())
            sum += r.violations;
    return sum;
}

testing::judge_options judged_by(const run_options& how, std::chrono::milliseconds session_timeout)
{
    testing::judge_options strict;
    strict.session_timeout = session_timeout;
    const auto n = static_cast<std::int64_t>(how.spoken.size());
    strict.required = {{"grants", n * how.share},
                       {"depth", n * how.processes},
                       {"places_seen", 10},
                       {"kills", n * how.kills},
                       {"probes", 1},
                       {"censuses", 1}};
    return strict;
}

}  // namespace

bool run_result::good() const { return verdict.ruling == testing::history_ruling::kept && stuck.empty() && harness.empty(); }

run_result run(const run_options& how)
{
    run_result result;
    const auto begin = std::chrono::steady_clock::now();
    arena where{how.directory};
    try {
        cast who{where, how.spoken, how.processes, contenders_of(how)};
        try {
            play(where, who, how, result);
        } catch (...) {
            who.abandon();
            throw;
        }
        see_what_is_left(where);
    } catch (const std::exception& e) {
        result.harness = e.what();
    }
    auto history = where.history();
    result.shared_turns = shared_turns(history);
    if (how.read_write && result.shared_turns == 0 && result.harness.empty())
        result.harness = "no two readers of different languages were ever in together";
    result.verdict = testing::judge(std::move(history), judged_by(how, where.ground().session_timeout));
    result.length = std::chrono::ceil<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
    return result;
}

std::string page_of(const run_options& how, const run_result& result)
{
    std::ostringstream page;
    page << (how.read_write ? "read/write locks" : "mutexes") << " of " << how.spoken.size() << " languages in one line, "
         << how.processes << " processes of " << how.callers << " callers each, " << result.length.count() / 1000.0
         << " s\n";
    for (const auto& [l, n] : result.grants)
        page << "  " << name_of(l) << ": " << n << " grants\n";
    const auto& v = result.verdict;
    page << "  " << v.figures.at("grants") << " sections, " << v.figures.at("kills") << " processes killed, "
         << violations_of(v, {"grants_follow_tokens", "first_come_first_served"}) << " overtaken, " << v.violations_in_all()
         << " violations\n";
    if (how.read_write)
        page << "  " << result.shared_turns << " readers met one of another language inside\n";
    if (!result.harness.empty())
        page << "THE RUN FAILED: " << result.harness << '\n';
    for (const auto& name : result.stuck)
        page << "STUCK: " << name << " did not end\n";
    page << to_text(v);
    return page.str();
}

}  // namespace turnstile::interop

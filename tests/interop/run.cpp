#include "run.hpp"

#include "observer.hpp"

#include <turnstile/recipes/mutex.hpp>
#include <turnstile/result.hpp>

#include <signal.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace turnstile::interop {

using namespace std::chrono_literals;
using testing::history_event;
using testing::history_event_type;

namespace {

constexpr auto look_every = 20ms;
constexpr auto farewell_patience = 30s;
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

/// The contenders of a run, the killed ones replaced.
class cast {
public:
    cast(arena& where, const run_options& how) : arena_{where}, how_{how}
    {
        for (int i = 0; i < how.processes; ++i)
            for (const auto l : how.spoken)
                seats_.push_back(start(l));
    }

    /// Kills one of this language, in the midst of its turn or wherever it is, and starts another in its place.
    void kill(language l, bool in_its_turn)
    {
        const auto victim = in_its_turn ? struck_in_turn(l) : any(l);
        if (victim == seats_.end())
            return;  // the judge misses a kill
        {
            const fault entry{arena_, **victim, in_its_turn};
            arena_.bury(**victim);
        }
        *victim = start(l);
    }

    void check_that_all_live() const
    {
        for (const auto& c : seats_)
            if (!c->running())
                throw std::runtime_error{c->name() + " has ended by itself; see " + c->name() + ".log"};
    }

    /// Those that did not end when told to.
    std::vector<std::string> send_home()
    {
        arena_.call_time();
        std::vector<std::string> stuck;
        for (auto& c : seats_)
            if (!c->ended_within(farewell_patience))
                stuck.push_back(c->name());
        return stuck;
    }

    void abandon()
    {
        for (auto& c : seats_)
            arena_.bury(*c);
    }

private:
    using seats = std::vector<std::unique_ptr<contender>>;

    /// In the history, for as long as there is one contender less.
    class fault {
    public:
        fault(arena& where, const contender& victim, bool in_its_turn) : arena_{where}, name_{"kill-" + victim.name()}
        {
            history_event e{history_event_type::fault, name_};
            e.fault = in_its_turn ? "kill_holder" : "kill_client";
            e.victim = victim.name();
            arena_.log().append(e);
        }
        fault(const fault&) = delete;
        fault& operator=(const fault&) = delete;
        ~fault() { arena_.log().append(history_event{history_event_type::healed, name_}); }

    private:
        arena& arena_;
        const std::string name_;
    };

    std::unique_ptr<contender> start(language l)
    {
        contender_options o{l, std::string{name_of(l)} + "-" + std::to_string(++started_)};
        o.as = how_.read_write ? "mixed" : "mutex";
        o.names = how_.kazoo_names;
        o.callers = how_.callers;
        return std::make_unique<contender>(o, arena_.ground());
    }

    seats::iterator any(language l)
    {
        return std::ranges::find_if(seats_, [&](const auto& c) { return c->speaks() == l; });
    }

    seats::iterator struck_in_turn(language l)
    {
        const auto speaks_it = [l](const std::string& process) { return process.starts_with(name_of(l)); };
        const auto name = arena_.protected_resource().strike_next_writer(arena_.ground().key, SIGKILL, 10s, speaks_it);
        return std::ranges::find_if(seats_, [&](const auto& c) { return name == c->name(); });
    }

    arena& arena_;
    const run_options& how_;
    seats seats_;
    int started_ = 0;
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
        cast who{where, how};
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

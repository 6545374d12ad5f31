#include "aftermath.hpp"

#include <turnstile/error.hpp>
#include <turnstile/recipes/mutex.hpp>
#include <turnstile/result.hpp>

#include <signal.h>

#include <thread>

namespace turnstile::chaos {

using namespace std::chrono_literals;
using testing::history_event;
using testing::history_event_type;

namespace {

/// Callers finish their calls, which may wait for twenty seconds, and sweep.
constexpr auto farewell_patience = 60s;
constexpr auto calm = 3s;

void heal(stage& where)
{
    for (auto& c : where.clients()) {
        c->process().signal(SIGCONT);
        if (c->by_name())
            c->give_names_back();
        for (auto& p : c->network()) {
            p->disarm();
            p->accept();
            p->resume();
            p->delay(0ms);
        }
    }
    where.servers().repair();
    where.log().append(history_event{history_event_type::quiet});
}

std::vector<std::string> send_home(stage& where)
{
    for (auto& c : where.clients())
        c->process().signal(SIGTERM);
    std::vector<std::string> stuck;
    for (auto& c : where.clients())
        if (!c->process().ended_within(farewell_patience))
            stuck.push_back(c->name());
    return stuck;
}

void probe(stage& where, const std::string& key)
{
    history_event e{history_event_type::probe, "fresh-" + key, key};
    const auto begin = std::chrono::steady_clock::now();
    const blocking::session fresh{session_options{where.servers().connect_string()}};
    mutex lock{fresh, stage::line_of(key)};
    const auto got = fresh.wait(as_result(lock.acquire(20s)));
    e.waited = std::chrono::steady_clock::now() - begin;
    e.accepted = got.has_value();
    e.detail = got ? "" : got.error().message();
    where.log().append(e);
}

std::int64_t children_of(const blocking::session& s, const std::string& path)
{
    const auto names = s.wait(as_result(s->children(path, 5s)));
    return names ? static_cast<std::int64_t>(names->size()) : 0;
}

history_event count(stage& where)
{
    history_event e{history_event_type::census};
    for (const auto& key : where.keys())
        e.nodes += children_of(where.outsider(), stage::line_of(key));
    e.nodes += children_of(where.outsider(), where.outsider()->options().members);
    e.watches = where.servers().metric("zk_watch_count");
    return e;
}

/// Sessions of killed clients take their time to expire.
void take_census(stage& where)
{
    auto e = count(where);
    for (const auto until = std::chrono::steady_clock::now() + where.options().session_timeout + 2s;
         (e.nodes > 0 || e.watches > 0) && std::chrono::steady_clock::now() < until; e = count(where))
        std::this_thread::sleep_for(50ms);
    where.log().append(e);
}

}  // namespace

aftermath see_it_out(stage& where)
{
    heal(where);
    std::this_thread::sleep_for(calm);
    aftermath after;
    after.stuck = send_home(where);
    for (const auto& key : where.keys())
        probe(where, key);
    take_census(where);
    return after;
}

}  // namespace turnstile::chaos

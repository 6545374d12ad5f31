#include "nemesis.hpp"

#include "some_lock.hpp"

#include <turnstile/error.hpp>

#include <signal.h>

namespace turnstile::chaos {

using namespace std::chrono_literals;
using enum fault_kind;
using testing::proxy_opcode;

namespace {

/// How long to wait for the victim to do what it is to be struck in.
constexpr auto patience = 3s;

template <class Act>
void on_all(client_seat& victim, Act act)
{
    for (auto& p : victim.network())
        act(*p);
}

}  // namespace

void client_nemesis::strike(const planned_fault& f, const std::stop_token& stop)
{
    switch (f.kind) {
        case kill_client:
            return kill(mortal(f), f, stop);
        case kill_holder:
            return kill_in_turn(f, stop);
        case pause_client:
            return pause(veteran_or_any(f), f, stop);
        case freeze_holder:
            return freeze_in_turn(f, stop);
        case end_session:
            return strike_session(veteran_or_any(f), f, stop);
        case lost_create_executed:
        case lost_create_absent:
        case lost_delete_reply:
            return lose(any(f), f, stop);
        case reap_container:
            return reap(f);
        case dns_gone:
            return take_names_away(f, stop);
        default:
            return trouble_network(veteran_or_any(f), f, stop);
    }
}

client_seat& client_nemesis::any(const planned_fault& f) { return *stage_.clients()[f.target % stage_.clients().size()]; }

client_seat& client_nemesis::mortal(const planned_fault& f)
{
    return *stage_.clients()[f.target % (stage_.clients().size() - 1)];
}

/// In a third of all cases: what it does not go through says nothing about whether it grows by it.
client_seat& client_nemesis::veteran_or_any(const planned_fault& f)
{
    return f.target / 1'000 % 3 == 0 ? stage_.veteran() : any(f);
}

void client_nemesis::kill(client_seat& victim, const planned_fault& f, const std::stop_token& stop)
{
    const fault_entry entry{stage_.log(), f.kind, victim.name()};
    stage_.bury(victim);
    rest(stop, f.length);
    victim.start();
}

void client_nemesis::kill_in_turn(const planned_fault& f, const std::stop_token& stop)
{
    const auto but_the_veteran = [spared = stage_.veteran().name()](const std::string& p) { return p != spared; };
    const auto struck = stage_.protected_resource().strike_next_writer(key_of(f), SIGKILL, patience, but_the_veteran);
    auto* const victim = struck ? stage_.client_named(*struck) : nullptr;
    if (victim == nullptr)
        return;
    const fault_entry entry{stage_.log(), f.kind, *struck, "in its turn on " + key_of(f)};
    stage_.bury(*victim);
    rest(stop, f.length);
    victim->start();
}

void client_nemesis::freeze_in_turn(const planned_fault& f, const std::stop_token& stop)
{
    const auto struck = stage_.protected_resource().strike_next_writer(ordered_key_of(f), SIGSTOP, patience);
    auto* const victim = struck ? stage_.client_named(*struck) : nullptr;
    if (victim == nullptr)
        return;
    const fault_entry entry{stage_.log(), f.kind, *struck, "in its turn on " + ordered_key_of(f)};
    rest(stop, f.length);
    victim->process().signal(SIGCONT);
}

void client_nemesis::pause(client_seat& victim, const planned_fault& f, const std::stop_token& stop)
{
    const fault_entry entry{stage_.log(), f.kind, victim.name()};
    victim.process().freeze();
    rest(stop, f.length);
    victim.process().signal(SIGCONT);
}

void client_nemesis::trouble_network(client_seat& victim, const planned_fault& f, const std::stop_token& stop)
{
    using testing::proxy;
    const fault_entry entry{stage_.log(), f.kind, victim.name()};
    on_all(victim, [&](proxy& p) {
        if (f.kind == cut)
            p.cut();
        else if (f.kind == refuse)
            p.refuse();
        else if (f.kind == stall)
            p.stall();
        else if (f.kind == stall_replies)
            p.stall_replies();
        else
            p.delay(10ms + std::chrono::milliseconds{f.target % 150});
    });
    rest(stop, f.length);
    on_all(victim, [](proxy& p) {
        p.accept();
        p.resume();
        p.delay(0ms);
    });
}

void client_nemesis::strike_session(client_seat& victim, const planned_fault& f, const std::stop_token& stop)
{
    const fault_entry entry{stage_.log(), f.kind, victim.name()};
    victim.process().signal(SIGUSR1);
    rest(stop, 300ms);
}

/// The connection goes between a request and its reply, or before the request: whichever of its servers the client uses.
void client_nemesis::lose(client_seat& victim, const planned_fault& f, const std::stop_token& stop)
{
    using testing::proxy;
    const auto which = f.kind == lost_delete_reply ? proxy_opcode::erase : proxy_opcode::create2;
    on_all(victim, [&](proxy& p) {
        if (f.kind == lost_create_absent)
            p.cut_before_request(which);
        else
            p.cut_before_reply(which);
    });
    bool happened = false;
    for (const auto until = std::chrono::steady_clock::now() + patience;
         !happened && !stop.stop_requested() && std::chrono::steady_clock::now() < until;)
        on_all(victim, [&](proxy& p) { happened = happened || p.wait_for_cut(5ms); });
    on_all(victim, [](proxy& p) { p.disarm(); });
    if (happened)
        const fault_entry entry{stage_.log(), f.kind, victim.name()};
}

/// As an operator, or the servers' own container manager, would: whenever nobody stands in the line.
void client_nemesis::reap(const planned_fault& f)
{
    const auto line =
        stage::line_of(stage_.keys()[f.target % 2 == 0 ? stage_.keys().size() - 1 : f.target % stage_.keys().size()]);
    int reaped = 0;
    for (const auto until = std::chrono::steady_clock::now() + 500ms; std::chrono::steady_clock::now() < until;) {
        try {
            stage_.outsider().wait(stage_.outsider()->erase(line, any_version, 500ms));
            ++reaped;
        } catch (const error&) {
            // Mostly not_empty: somebody stands there.
        }
    }
    if (reaped > 0)
        const fault_entry entry{stage_.log(), f.kind, {}, line + ", " + std::to_string(reaped) + " times"};
}

/// Names matter when a new ZooKeeper session is begun: so its session ends as well.
void client_nemesis::take_names_away(const planned_fault& f, const std::stop_token& stop)
{
    for (auto& seat : stage_.clients()) {
        if (!seat->by_name())
            continue;
        const fault_entry entry{stage_.log(), f.kind, seat->name()};
        seat->take_names_away();
        seat->process().signal(SIGUSR1);
        rest(stop, f.length);
        seat->give_names_back();
        return;
    }
}

std::string client_nemesis::key_of(const planned_fault& f) const
{
    // The least wanted one is hardly written at all.
    const auto keys = stage_.keys();
    return keys[f.target % (keys.size() - 1)];
}

/// For zombies: with permits they show nothing, because nobody could refuse them.
std::string client_nemesis::ordered_key_of(const planned_fault& f) const
{
    std::vector<std::string> ordered;
    const auto keys = stage_.keys();
    for (std::size_t number = 0; number + 1 < keys.size(); ++number)
        if (some_lock::has_order(number))
            ordered.push_back(keys[number]);
    return ordered[f.target % ordered.size()];
}

}  // namespace turnstile::chaos

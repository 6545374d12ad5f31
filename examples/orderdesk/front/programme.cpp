#include "programme.hpp"

#include "comparison.hpp"
#include "judge/turn_proof.hpp"
#include "race_figures.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <vector>

namespace orderdesk {

namespace {

using namespace exit_code;

std::string anomalies(std::int64_t n) { return thousands(n) + (n == 1 ? " anomaly" : " anomalies"); }

void heading(terminal& out, const std::string& title, const std::string& explanation)
{
    out.say();
    out.say(out.bold(title));
    out.say("   " + out.dim(explanation));
}

void show(terminal& out, const race_result& r)
{
    const auto done = thousands(r.judged.paid) + " orders paid, " + thousands(r.judged.edits) + " price edits";
    if (r.judged.guard == "none")
        return out.verdict(as_promised(r), as_promised(r)
                                               ? anomalies(r.judged.anomalies) + ", as expected: the load is rough enough"
                                               : "no anomaly without a guard: the run was too gentle and proves nothing");
    if (r.judged.guard == "version")
        return out.verdict(as_promised(r), "no edit was lost; " + anomalies(r.judged.anomalies) +
                                               ", for money moves before the check; " + done);
    out.verdict(as_promised(r), anomalies(r.judged.anomalies) + "; " + done);
}

/// What was broken, in words: where nothing should have been.
void explain(terminal& out, const race_result& r)
{
    for (const auto& f : r.judged.findings)
        for (const auto& e : f.examples)
            out.say("         " + f.title + ": " + e);
}

race_result play_race(const ensemble& zookeeper, const settings& s, terminal& out, const std::string& guard)
{
    auto r = race(zookeeper, s, out, guard);
    show(out, r);
    if (guard == "row" || guard == "lane")
        explain(out, r);
    return r;
}

std::vector<std::string> each(const std::vector<race_result>& races,
                              const std::function<std::string(const race_result&)>& of)
{
    std::vector<std::string> cells;
    for (const auto& r : races)
        cells.push_back(of(r));
    return cells;
}

void compare(terminal& out, const std::vector<race_result>& races)
{
    const comparison table{out, {"no guard", "version", "row lock", "lane"}};
    table.head();
    table.rule();
    for (std::size_t i = 0; i < races.front().judged.findings.size(); ++i)
        table.counts(races.front().judged.findings[i].title, each(races, [i](const race_result& r) {
                         const auto& f = r.judged.findings[i];
                         return f.applies ? std::to_string(f.anomalies) : std::string{"-"};
                     }));
    table.rule();
    const auto fact = [&](const std::string& title, const std::function<std::string(const race_result&)>& of) {
        table.facts(title, each(races, of));
    };
    table.counts("anomalies", each(races, [](const race_result& r) { return std::to_string(r.judged.anomalies); }));
    fact("database connections pinned, average (most)", pinned);
    fact("requests answered", [](const race_result& r) { return thousands(r.judged.answers); });
    fact("orders paid", [](const race_result& r) { return thousands(r.judged.paid); });
    fact("prices edited", [](const race_result& r) { return thousands(r.judged.edits); });
    fact("time to an answer, median",
         [](const race_result& r) { return seconds(std::chrono::microseconds{r.judged.median_us}); });
    fact("time to an answer, 99 of 100",
         [](const race_result& r) { return seconds(std::chrono::microseconds{r.judged.p99_us}); });
    fact("the whole race", [](const race_result& r) { return seconds(r.took); });
    out.say();
    out.say("   " + out.dim("One bad moment can break several rules. Waiting for one's turn is what a lock costs."));
}

void list_pictures(terminal& out, const std::vector<std::filesystem::path>& pictures)
{
    for (const auto& p : pictures)
        if (!p.empty())
            out.say("   " + p.string());
}

struct act {
    const char* title;
    const char* explanation;
};

constexpr act killing{"The holder is killed",
                      "kill -9 for who holds the order, while four others wait. Who is next, and when?"};
constexpr act payer_dying{"The payer dies after the charge",
                          "The money has moved, the order does not say so, and the next one wants to edit the price."};
constexpr act zombies{"The zombie",
                      "A holder sleeps through the end of its session, and wakes up believing that it still holds."};
constexpr act tapping{"Fifty taps", "One user taps \"buy\" fifty times, through five processes at once."};
constexpr act messaging{
    "Messages", "200 messages, 40 of them sent twice, a broker that redelivers, and consumers that are killed (kill -9)."};
constexpr act faulting{"Faults of the ensemble",
                       "The race on three servers: the leader is killed, one is stopped, all are restarted."};

template <class F>
auto play(terminal& out, int number, const act& a, F f)
{
    heading(out, (number == 0 ? "" : std::to_string(number) + "  ") + a.title, a.explanation);
    return f();
}

int code_of(bool good, bool rough = true) { return !good ? broken_promise : rough ? as_it_should_be : too_gentle; }

turn_proof prove(terminal& out, const std::filesystem::path& dir)
{
    auto p = prove_turns(dir);
    out.verdict(p.outside == 0, p.outside == 0
                                    ? thousands(p.rows) + " changes of orders, each inside one of " + thousands(p.turns) +
                                          " turns; every order is as its last change left it"
                                    : thousands(p.outside) + " of " + thousands(p.rows) + " changes outside a turn");
    for (const auto& e : p.examples)
        out.say("         " + out.dim(e));
    return p;
}

}  // namespace

int show_demo(const ensemble& zookeeper, const settings& s, terminal& out)
{
    const auto load = std::to_string(s.requests) + " requests on " + std::to_string(s.orders) + " orders";
    std::vector<race_result> races;
    heading(out, "1  The race, without a guard", load + ": read the order, think a moment, write it back.");
    races.push_back(play_race(zookeeper, s, out, "none"));
    heading(out, "2  The race, with a version check",
            "As it is usually done: charge, then write if nobody else has written meanwhile, or else try again.");
    races.push_back(play_race(zookeeper, s, out, "version"));
    heading(
        out, "3  The race, with the row locked",
        s.databases->lock_rows()
            ? "SELECT ... FOR UPDATE: the database keeps the order, and a connection, while the provider is asked."
            : "BEGIN IMMEDIATE, as SQLite locks no rows (--db postgres does): it stays open while the provider is asked.");
    races.push_back(play_race(zookeeper, s, out, "row"));
    heading(out, "4  The race, in lanes",
            "The same programs and requests; each takes its turn at the order: a fair queue, a declared intent, a fence.");
    races.push_back(play_race(zookeeper, s, out, "lane"));
    const auto& without = races.front();
    const auto& with = races.back();
    const auto kill = play(out, 5, killing, [&] { return kill_act(zookeeper, s, out); });
    const auto payer = play(out, 6, payer_dying, [&] { return payer_act(zookeeper, s, out); });
    const auto zombie = play(out, 7, zombies, [&] { return zombie_act(zookeeper, s, out); });
    const auto taps = play(out, 8, tapping, [&] { return taps_act(zookeeper, s, out); });
    const auto messages = play(out, 9, messaging, [&] { return messages_act(zookeeper, s, out); });
    const auto faults = play(out, 10, faulting, [&] { return faults_act(s, out); });

    heading(out, "The races, judged",
            "The judge reads the order history, the payment provider's book and the buyers' notes.");
    out.say();
    compare(out, races);
    heading(out, "The race in lanes, verified",
            "The log of turns against the history: was anything written outside a turn?");
    const auto proof = prove(out, s.dir / "race-lane");
    heading(out, "Pictures",
            "Of one order: a line per process, grey waits, colour holds. Of the faults: turns in each moment.");
    list_pictures(out, {without.picture, with.picture, kill.picture, payer.picture, zombie.picture, faults.picture});
    out.say();
    out.say(out.bold(std::to_string(with.judged.anomalies) + " anomalies with lanes, " +
                     std::to_string(without.judged.anomalies) + " without"));

    const bool guards_held = std::all_of(races.begin() + 1, races.end(), as_promised);
    return code_of(guards_held && kill.good && payer.good && zombie.good && taps.good && messages.good && faults.good &&
                       proof.outside == 0,
                   as_promised(without) && taps.rough && messages.rough);
}

int show_race(const ensemble& zookeeper, const settings& s, terminal& out, const std::string& guard)
{
    heading(
        out, "The race, guard: " + guard,
        std::to_string(s.requests) + " requests on " + std::to_string(s.orders) + " orders, seed " + std::to_string(s.seed));
    const auto r = race(zookeeper, s, out, guard);
    for (const auto& f : r.judged.findings) {
        out.say("   " + padded_left(f.applies ? std::to_string(f.anomalies) : "-", 5) + "  " + f.title);
        for (const auto& e : f.examples)
            out.say("          " + out.dim(e));
    }
    out.say("         database connections pinned, average (most): " + pinned(r));
    out.say("         " + pace(r));
    show(out, r);
    list_pictures(out, {r.picture});
    if (!s.figures.empty())
        save_figures(r, s.figures);
    if (as_promised(r))
        return as_it_should_be;
    return guard == "none" ? too_gentle : broken_promise;
}

int show_kill(const ensemble& zookeeper, const settings& s, terminal& out)
{
    const auto r = play(out, 0, killing, [&] { return kill_act(zookeeper, s, out); });
    list_pictures(out, {r.picture});
    return code_of(r.good);
}

int show_payer(const ensemble& zookeeper, const settings& s, terminal& out)
{
    const auto r = play(out, 0, payer_dying, [&] { return payer_act(zookeeper, s, out); });
    list_pictures(out, {r.picture});
    return code_of(r.good);
}

int show_zombie(const ensemble& zookeeper, const settings& s, terminal& out)
{
    const auto r = play(out, 0, zombies, [&] { return zombie_act(zookeeper, s, out); });
    list_pictures(out, {r.picture});
    return code_of(r.good);
}

int show_taps(const ensemble& zookeeper, const settings& s, terminal& out)
{
    const auto r = play(out, 0, tapping, [&] { return taps_act(zookeeper, s, out); });
    return code_of(r.good, r.rough);
}

int show_messages(const ensemble& zookeeper, const settings& s, terminal& out)
{
    const auto r = play(out, 0, messaging, [&] { return messages_act(zookeeper, s, out); });
    return code_of(r.good, r.rough);
}

int show_faults(const settings& s, terminal& out)
{
    const auto r = play(out, 0, faulting, [&] { return faults_act(s, out); });
    list_pictures(out, {r.picture});
    return code_of(r.good);
}

int show_proof(const std::filesystem::path& dir, terminal& out)
{
    heading(out, "Verified", "The log of turns against the history: was anything written outside a turn?");
    return code_of(prove(out, dir).outside == 0);
}

}  // namespace orderdesk

// A verdict for people, and for programs.
#include "history_rules.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstdio>

namespace turnstile::inline v0::testing {

namespace {

std::string padded(std::string_view text, std::size_t width)
{
    return std::string{text} + std::string(text.size() < width ? width - text.size() : 0, ' ');
}

std::string number(std::int64_t n, std::size_t width)
{
    const auto text = std::to_string(n);
    return std::string(text.size() < width ? width - text.size() : 0, ' ') + text;
}

std::string_view name_of(history_ruling r)
{
    switch (r) {
        case history_ruling::kept:
            return "kept";
        case history_ruling::broken:
            return "broken";
        case history_ruling::empty:
            break;
    }
    return "void";
}

std::string ruling_in_words(const history_verdict& v)
{
    switch (v.ruling) {
        case history_ruling::kept:
            return "KEPT: no rule was broken in this history.";
        case history_ruling::broken:
            return "BROKEN: " + std::to_string(v.violations_in_all()) + " violations.";
        case history_ruling::empty:
            break;
    }
    return "VOID: no rule was broken, and this history could hardly have broken one.";
}

std::string shown(const history_violation& v)
{
    std::string text = "\n" + v.rule + (v.key.empty() ? "" : ", key " + v.key) + ": " + v.what + "\n";
    for (const auto& e : v.evidence)
        text += "  " + padded(milliseconds_in_words(e.monotonic - v.evidence.front().monotonic), 13) + in_words(e) + "\n";
    return text;
}

std::string token_in_words(const history_event& e) { return e.token == 0 ? "" : " with token " + std::to_string(e.token); }

std::string effect_in_words(const history_event& e)
{
    return std::string{e.accepted ? "the resource accepted an effect" : "the resource fenced off an effect"} + " of " +
           e.op + token_in_words(e) + (e.zombie ? ", written late on purpose" : "");
}

std::string deadline_in_words(nanoseconds left)
{
    return left.count() >= 0 ? "good for another " + milliseconds_in_words(left)
                             : milliseconds_in_words(-left) + " behind its deadline";
}

std::string what_happened(const history_event& e)
{
    using enum history_event_type;
    const auto call = "call " + e.op;
    switch (e.type) {
        case invoke:
            return call + (e.waits ? " asks for key " : " tries key ") + e.key;
        case enqueued:
            return call + " was seen in the line";
        case granted:
            return call + " is granted, as " + std::string{testing::name_of(e.kind)} + token_in_words(e);
        case refused:
            return call + " is refused";
        case timed_out:
            return call + " is not served in time";
        case failed:
            return call + " fails";
        case lost:
            return call + " is told that its lease is lost";
        case released:
            return call + " releases";
        case effect:
            return effect_in_words(e);
        case fault:
            return "fault " + e.op + " begins: " + e.fault + (e.victim.empty() ? "" : " of " + e.victim);
        case healed:
            return "fault " + e.op + " is over";
        case killed:
            return "process " + e.victim + " is killed";
        case session_over:
            return "the ZooKeeper session is over";
        case leader_changed:
            return "the ensemble has a new leader";
        case quiet:
            return "from here on nothing is done to anybody";
        case probe:
            return e.accepted ? "a fresh client gets key " + e.key + " after " + milliseconds_in_words(e.waited)
                              : "a fresh client does not get key " + e.key;
        case census:
            return std::to_string(e.nodes) + " nodes and " + std::to_string(e.watches) + " watches are left";
    }
    return {};
}

}  // namespace

std::string milliseconds_in_words(nanoseconds t)
{
    std::array<char, 48> text{};
    std::snprintf(text.data(), text.size(), "%.1f ms", static_cast<double>(t.count()) / 1e6);
    return text.data();
}

std::string in_words(const attempt& a)
{
    return "call " + std::string{a.op} + (a.process.empty() ? "" : " of " + std::string{a.process});
}

std::string in_words(const history_event& e)
{
    std::string text = (e.process.empty() ? "" : e.process + ": ") + what_happened(e);
    if (e.held_until.count() != 0)
        text += ", " + deadline_in_words(e.held_until - e.boot);
    return e.detail.empty() ? text : text + " (" + e.detail + ")";
}

std::string to_text(const history_verdict& v)
{
    std::string text = ruling_in_words(v) + "\n";
    for (const auto& u : v.unmet)
        text += "  not put to the test: " + u + "\n";
    text += "\n    judged  broken  rule\n";
    for (const auto& r : v.rules)
        text += number(r.judged, 10) + number(r.violations, 8) + "  " + r.promise + "\n";
    text += "\nfigures\n";
    for (const auto& [name, value] : v.figures)
        text += number(value, 10) + "  " + name + "\n";
    if (!v.faults.empty())
        text += "\nfaults\n";
    for (const auto& [kind, times] : v.faults)
        text += number(times, 10) + "  " + kind + "\n";
    for (const auto& violation : v.violations)
        text += shown(violation);
    return text;
}

std::string to_json(const history_verdict& v)
{
    using json = nlohmann::ordered_json;
    json out{{"ruling", name_of(v.ruling)}, {"violations", v.violations_in_all()}, {"unmet", v.unmet}};
    out["figures"] = v.figures;
    out["faults"] = v.faults;
    out["rules"] = json::array();
    for (const auto& r : v.rules)
        out["rules"].push_back({{"rule", r.rule}, {"judged", r.judged}, {"violations", r.violations}});
    out["told"] = json::array();
    for (const auto& violation : v.violations) {
        json told{{"rule", violation.rule}, {"key", violation.key}, {"what", violation.what}, {"evidence", json::array()}};
        for (const auto& e : violation.evidence)
            told["evidence"].push_back(json::parse(to_line(e)));
        out["told"].push_back(std::move(told));
    }
    return out.dump(2, ' ', false, json::error_handler_t::replace);
}

}  // namespace turnstile::inline v0::testing

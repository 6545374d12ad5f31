// What happened, in numbers.
#include "history_rules.hpp"
#include "standstill.hpp"

#include <algorithm>
#include <set>
#include <unordered_map>

namespace turnstile::inline v0::testing {

namespace {

std::int64_t in_milliseconds(nanoseconds t) { return std::chrono::duration_cast<std::chrono::milliseconds>(t).count(); }

const char* figure_of(const history_event& e)
{
    using enum history_event_type;
    switch (e.type) {
        case invoke:
            return e.waits ? "attempts" : "tries";
        case enqueued:
            return "places_seen";
        case granted:
            return "grants";
        case refused:
            return "refusals";
        case timed_out:
            return "time_outs";
        case failed:
            return "failures";
        case lost:
            return "losses";
        case released:
            return "releases";
        case effect:
            return e.accepted ? "effects_accepted" : "effects_fenced";
        case fault:
            return "faults";
        case healed:
            return "heals";
        case killed:
            return "kills";
        case session_over:
            return "expiries";
        case leader_changed:
            return "leader_changes";
        case quiet:
            return "quiets";
        case probe:
            return "probes";
        case census:
            return "censuses";
    }
    return "";
}

constexpr auto every_figure = {
    history_event_type::invoke,  history_event_type::enqueued,       history_event_type::granted,
    history_event_type::refused, history_event_type::timed_out,      history_event_type::failed,
    history_event_type::lost,    history_event_type::released,       history_event_type::effect,
    history_event_type::fault,   history_event_type::killed,         history_event_type::session_over,
    history_event_type::probe,   history_event_type::leader_changed, history_event_type::census};

void count_details(const history_event& e, history_figures& n)
{
    using enum history_event_type;
    if (e.type == effect && e.zombie)
        ++n[e.accepted ? "zombies_accepted" : "zombies_rejected"];
    if (e.type == fault && (e.fault == "lost_create_executed" || e.fault == "lost_create_absent"))
        ++n[e.fault.substr(0, 11) + "s" + e.fault.substr(11)];
    if (e.type == granted && e.kind == holding_kind::reader)
        ++n["readers"];
    if (e.type == granted && e.kind == holding_kind::permits)
        n["permits"] += e.weight;
    n["nodes_left"] += e.type == census ? e.nodes : 0;
    n["watches_left"] += e.type == census ? e.watches : 0;
}

bool under_way_at(const attempt& a, nanoseconds t)
{
    return !a.invokes.empty() && a.invokes.front()->monotonic < t && (a.answer() == nullptr || t < a.answer()->monotonic);
}

/// Null when there were none or several.
const attempt* only_call_at(nanoseconds t, const std::vector<const attempt*>& calls)
{
    const attempt* only = nullptr;
    for (const auto* a : calls)
        if (under_way_at(*a, t)) {
            if (only != nullptr)
                return nullptr;
            only = a;
        }
    return only;
}

/// Of the creates that were executed and not heard of, those whose callers got their lease by them all the same. It is known
/// where the victim made one call at that time, and only there.
std::int64_t adopted_creates(const history_index& h)
{
    std::unordered_map<std::string_view, std::vector<const attempt*>> calls;
    for (const auto& a : h.attempts)
        calls[a.process].push_back(&a);
    std::int64_t adopted = 0;
    for (const auto& f : h.faults) {
        if (f.begin->fault != "lost_create_executed")
            continue;
        const auto* const only = only_call_at(f.begin->monotonic, calls[f.begin->victim]);
        const auto* const granted = only != nullptr ? only->granted() : nullptr;
        if (granted != nullptr && granted->session == only->invokes.front()->session)
            ++adopted;
    }
    return adopted;
}

/// How many there were at most at a time, of those that come and go.
class head_count {
public:
    void stay(event_ref from, event_ref to)
    {
        steps_.emplace_back(from->monotonic, 1);
        steps_.emplace_back(to->monotonic, -1);
    }

    std::int64_t most()
    {
        std::ranges::sort(steps_);
        std::int64_t now = 0;
        std::int64_t most = 0;
        for (const auto& [at, step] : steps_)
            most = std::max(most, now += step);
        return most;
    }

private:
    std::vector<std::pair<nanoseconds, int>> steps_;
};

/// The longest line, with its holder.
std::int64_t depth_of(const key_history& k)
{
    head_count line;
    for (const auto* a : k.attempts) {
        const auto* const left = a->granted() != nullptr ? a->end() : a->answer();
        if (a->waits() && !a->invokes.empty() && left != nullptr)
            line.stay(a->invokes.front(), left);
    }
    return line.most();
}

/// The most that held beside each other, of those that may.
std::int64_t together_of(const key_history& k)
{
    head_count inside;
    for (const auto* a : k.by_granted)
        if (!is_exclusive(a->kind()) && a->end() != nullptr)
            inside.stay(a->granted(), a->end());
    return inside.most();
}

/// Places that were seen in the line long after they had been given back: a release that was never sent; or a server that
/// has missed the deletion, which others have not.
std::int64_t ghosts_of(const key_history& k)
{
    constexpr std::chrono::seconds long_after{10};
    std::int64_t n = 0;
    for (const auto* a : k.by_granted) {
        if (a->kind() == holding_kind::cohort || a->releases.empty())  // a cohort's place outlives its callers
            continue;
        const auto gone = a->releases.front()->monotonic + long_after;
        n += std::ranges::count_if(a->enqueued, [&](event_ref seen) { return seen->monotonic > gone; });
    }
    return n;
}

/// How often a token went from one to the next inside a process.
std::int64_t handed_on_in(const key_history& k)
{
    std::int64_t n = 0;
    for (std::size_t i = 1; i < k.by_token.size(); ++i)
        n += share_a_turn(*k.by_token[i - 1], *k.by_token[i]) ? 1 : 0;
    return n;
}

/// From each heal to the next grant of anything, where somebody waited and no other fault came between.
nanoseconds longest_wait_after_heal(const history_index& h)
{
    nanoseconds longest{0};
    const history_event* heal = nullptr;
    for (const auto& e : h.events) {
        using enum history_event_type;
        if (e.type == healed)
            heal = &e;
        else if (e.type == fault)
            heal = nullptr;
        else if (e.type == granted && heal != nullptr) {
            longest = std::max(longest, e.monotonic - heal->monotonic);
            heal = nullptr;
        }
    }
    return longest;
}

nanoseconds longest_standstill(const history_index& h)
{
    nanoseconds longest{0};
    for (const auto& [name, k] : h.keys)
        for (const auto& s : standstills_of(k, h))
            longest = std::max(longest, s.length);
    return longest;
}

}  // namespace

history_figures figures_of(const history_index& h)
{
    history_figures n;
    for (const auto t : every_figure)
        n[figure_of(history_event{t})] = 0;
    for (const auto* name : {"tries", "effects_fenced", "zombies_rejected", "zombies_accepted", "lost_creates_executed",
                             "lost_creates_absent", "lost_creates_adopted", "depth", "readers", "permits", "together",
                             "handed_on", "ghosts_seen", "longest_wait_after_heal_ms", "longest_standstill_ms", "seconds"})
        n[name] = 0;
    std::set<std::string_view> processes;
    for (const auto& e : h.events) {
        ++n[figure_of(e)];
        count_details(e, n);
        processes.insert(e.process);
    }
    n.erase("heals");
    n.erase("quiets");
    n["keys"] = static_cast<std::int64_t>(h.keys.size());
    n["processes"] = static_cast<std::int64_t>(processes.size());
    n["fault_kinds"] = static_cast<std::int64_t>(faults_by_kind(h).size());
    n["zombies_injected"] = n["zombies_rejected"] + n["zombies_accepted"];
    for (const auto& [name, k] : h.keys) {
        n["depth"] = std::max(n["depth"], depth_of(k));
        n["together"] = std::max(n["together"], together_of(k));
        n["handed_on"] += handed_on_in(k);
        n["ghosts_seen"] += ghosts_of(k);
    }
    if (!h.events.empty()) {
        n["seconds"] = in_milliseconds(h.events.back().monotonic - h.events.front().monotonic) / 1000;
        n["lost_creates_adopted"] = adopted_creates(h);
        n["longest_wait_after_heal_ms"] = in_milliseconds(longest_wait_after_heal(h));
        n["longest_standstill_ms"] = in_milliseconds(longest_standstill(h));
    }
    return n;
}

std::map<std::string, std::int64_t> faults_by_kind(const history_index& h)
{
    std::map<std::string, std::int64_t> kinds;
    for (const auto& f : h.faults)
        ++kinds[f.begin->fault];
    return kinds;
}

}  // namespace turnstile::inline v0::testing

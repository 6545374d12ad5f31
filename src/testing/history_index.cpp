#include "history_index.hpp"

#include <algorithm>

namespace turnstile::inline v0::testing {

namespace {

event_ref first(const event_refs& of) { return of.empty() ? nullptr : of.front(); }

event_ref earlier(event_ref a, event_ref b)
{
    if (a == nullptr || b == nullptr)
        return a == nullptr ? b : a;
    return b->monotonic < a->monotonic ? b : a;
}

}  // namespace

event_ref attempt::granted() const
{
    const auto found = std::ranges::find(answers, history_event_type::granted, &history_event::type);
    return found == answers.end() ? nullptr : *found;
}

event_ref attempt::end() const { return earlier(earlier(first(releases), first(losses)), killed); }

event_refs attempt::story() const
{
    event_refs all;
    for (const auto* part : {&invokes, &enqueued, &answers, &losses, &releases})
        all.insert(all.end(), part->begin(), part->end());
    // What came when it was over does not belong to it.
    if (killed != nullptr && (killed == end() || killed == answer()))
        all.push_back(killed);
    if (taken_away != nullptr && (end() == nullptr || taken_away->monotonic <= end()->monotonic))
        all.push_back(taken_away);
    std::ranges::stable_sort(all, {}, &history_event::monotonic);
    return all;
}

bool is_exclusive(holding_kind k) { return k != holding_kind::reader && k != holding_kind::permits; }

bool share_a_turn(const attempt& a, const attempt& b)
{
    return a.kind() == holding_kind::cohort && b.kind() == holding_kind::cohort && a.process == b.process &&
           a.token() == b.token();
}

bool excludes(holding_kind a, holding_kind b)
{
    // Permits exclude each other by their sum only, which is a rule of its own.
    return a != holding_kind::permits && b != holding_kind::permits && (is_exclusive(a) || is_exclusive(b));
}

history_index::history_index(const std::vector<history_event>& events_) : events{events_}
{
    for (const auto& e : events)
        note(e);
    for (auto& a : attempts)
        complete(a);
    sort_keys();
}

void history_index::note(const history_event& e)
{
    using enum history_event_type;
    if (e.type <= effect)
        return note_call(e);
    if (e.type == fault || e.type == healed)
        return note_fault(e);
    if (e.type == killed)
        deaths.emplace(e.victim, &e);
    if (e.type == session_over)
        ended_sessions.emplace(e.session, &e);
    if (e.type == quiet && this->quiet == nullptr)
        this->quiet = &e;
}

void history_index::note_call(const history_event& e)
{
    using enum history_event_type;
    auto& a = attempt_of(e);
    a.deadline = std::max(a.deadline, e.held_until);
    switch (e.type) {
        case invoke:
            return a.invokes.push_back(&e);
        case enqueued:
            return a.enqueued.push_back(&e);
        case lost:
            return a.losses.push_back(&e);
        case released:
            return a.releases.push_back(&e);
        case effect:
            keys[e.key].effects.push_back(&e);
            return a.effects.push_back(&e);
        default:
            return a.answers.push_back(&e);
    }
}

void history_index::note_fault(const history_event& e)
{
    if (e.type == history_event_type::fault) {
        open_faults_[e.op] = faults.size();
        faults.push_back({&e, nullptr});
    } else if (const auto open = open_faults_.find(e.op); open != open_faults_.end()) {
        faults[open->second].end = &e;
    }
}

attempt& history_index::attempt_of(const history_event& e)
{
    auto& known = by_op_[e.op];
    if (known == nullptr) {
        known = &attempts.emplace_back();
        known->op = e.op;
        known->key = e.key;
        auto& k = keys[e.key];
        k.key = e.key;
        k.attempts.push_back(known);
    }
    // An observer may have seen the place first: the caller's own events say whose it is.
    if (known->process.empty() && e.type != history_event_type::enqueued)
        known->process = e.process;
    return *known;
}

void history_index::complete(attempt& a) const
{
    if (const auto death = deaths.find(a.process); death != deaths.end())
        a.killed = death->second;
    const auto* const g = a.granted();
    if (g == nullptr || g->session == 0)
        return;
    if (const auto over = ended_sessions.find(g->session); over != ended_sessions.end())
        a.taken_away = over->second;
    for (const auto& f : faults)
        if (a.taken_away != nullptr && f.begin->victim == a.process && f.begin->monotonic <= a.taken_away->monotonic)
            a.struck = f.begin;
}

void history_index::sort_keys()
{
    const auto granted_at = [](const attempt* a) { return a->granted()->monotonic; };
    for (auto& [name, k] : keys) {
        std::ranges::copy_if(k.attempts, std::back_inserter(k.by_granted),
                             [](const attempt* a) { return a->granted() != nullptr; });
        std::ranges::stable_sort(k.by_granted, {}, granted_at);
        k.by_token = k.by_granted;  // of one token: in the order of their grants
        std::ranges::stable_sort(k.by_token, {}, &attempt::token);
    }
}

}  // namespace turnstile::inline v0::testing

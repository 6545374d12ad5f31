// A holder that asks is told in time: no check passes behind the lease's own deadline, or behind the grant of a later one.
#include "history_rules.hpp"

#include <algorithm>

namespace turnstile::inline v0::testing {

namespace {

/// When its author last knew that it held. Who asked says when; else it is the moment of the effect.
nanoseconds asked_at(const history_event& e) { return e.checked.count() != 0 ? e.checked : e.boot; }

void look_at(const attempt& a, const history_event& e, rule_findings& found)
{
    // A lease may be extended after the effect, never shortened: only what had been told by then counts.
    const auto until = e.held_until.count() != 0 ? e.held_until : a.deadline;
    if (e.zombie || until.count() == 0)
        return;
    found.judged();
    if (asked_at(e) > until)
        found.broken(
            a.key,
            in_words(a) + " believed to hold " + milliseconds_in_words(asked_at(e) - until) + " after its own deadline",
            stories({&a}, {&e}));
}

}  // namespace

void holders_know_in_time(const history_index& h, const judge_options&, rule_findings& found)
{
    for (const auto& a : h.attempts)
        for (const auto* e : a.effects)
            look_at(a, *e, found);
}

}  // namespace turnstile::inline v0::testing

// First come, first served: grants come in the order of the tokens, and tokens in the order of arrival.
#include "history_rules.hpp"

#include <boost/range/adaptor/reversed.hpp>

#include <algorithm>

namespace turnstile::inline v0::testing {

namespace {

const attempt* earlier_grant(const attempt* a, const attempt* b)
{
    if (a == nullptr || b == nullptr)
        return a == nullptr ? b : a;
    return b->granted()->monotonic < a->granted()->monotonic ? b : a;
}

/// Its place was gone when the other was granted: it was not overtaken, it hears late of a grant that is over.
bool was_over(const attempt& a, const attempt& at_grant_of)
{
    const auto* const own = a.granted();
    const bool expired = own->held_until.count() != 0 && own->held_until <= at_grant_of.granted()->boot;
    // Whose session was ended by force hears of it before it is done, or is told that it has lost.
    const bool taken = a.taken_away != nullptr &&
                       (!a.losses.empty() || (a.end() != nullptr && a.taken_away->monotonic <= a.end()->monotonic));
    // Or it was done so soon that the news found it gone: but not sooner than it was struck.
    const bool struck = a.struck != nullptr && a.struck->monotonic <= at_grant_of.granted()->monotonic;
    return expired || taken || struck;
}

/// When its place is known to have been in the line of its own session.
event_ref seen_in_line(const attempt& a)
{
    const auto* const granted = a.granted();
    for (const auto* e : a.enqueued)
        // A place of an earlier session is another place.
        if (e->session == granted->session && e->monotonic < granted->monotonic)
            return e;
    return granted;
}

/// The one that came first to be seen in the line, of all those with larger tokens.
struct seen_first {
    const attempt* who = nullptr;
    event_ref when = nullptr;

    void add(const attempt& a)
    {
        const auto* const e = seen_in_line(a);
        if (when == nullptr || e->monotonic < when->monotonic) {
            who = &a;
            when = e;
        }
    }
};

}  // namespace

void grants_follow_tokens(const history_index& h, const judge_options&, rule_findings& found)
{
    for (const auto& [name, k] : h.keys) {
        const attempt* shared = nullptr;  // the earliest grant of a larger token, by kind
        const attempt* exclusive = nullptr;
        for (const auto* candidate : boost::adaptors::reverse(k.by_token)) {
            const auto& a = *candidate;
            if (a.kind() == holding_kind::permits)
                continue;
            found.judged();
            const auto* const other = is_exclusive(a.kind()) ? earlier_grant(shared, exclusive) : exclusive;
            if (other != nullptr && other->granted()->monotonic < a.granted()->monotonic && !was_over(a, *other))
                found.broken(
                    name, in_words(*other) + " overtook " + in_words(a) + ": its token is larger, and it was granted first",
                    stories({&a, other}));
            auto& kind = is_exclusive(a.kind()) ? exclusive : shared;
            kind = earlier_grant(kind, &a);
        }
    }
}

void first_come_first_served(const history_index& h, const judge_options&, rule_findings& found)
{
    for (const auto& [name, k] : h.keys) {
        seen_first later;
        for (const auto* candidate : boost::adaptors::reverse(k.by_token)) {
            const auto& a = *candidate;
            if (a.invokes.empty() || a.kind() == holding_kind::cohort)  // its process may have come before it
                continue;
            found.judged();
            if (later.who != nullptr && later.when->monotonic < a.invokes.front()->monotonic)
                found.broken(
                    name, in_words(a) + " came when " + in_words(*later.who) + " was in the line, and got a smaller token",
                    stories({&a, later.who}));
            later.add(a);
        }
    }
}

}  // namespace turnstile::inline v0::testing

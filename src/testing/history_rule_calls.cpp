// Every call is answered exactly once, and every lease ends exactly once.
#include "history_rules.hpp"

namespace turnstile::inline v0::testing {

namespace {

std::string times(std::size_t n) { return n == 1 ? "once" : std::to_string(n) + " times"; }

}  // namespace

void calls_end_once(const history_index& h, const judge_options&, rule_findings& found)
{
    for (const auto& a : h.attempts) {
        found.judged();
        if (a.invokes.size() != 1)
            found.broken(a.key, in_words(a) + " was made " + times(a.invokes.size()), stories({&a}));
        else if (a.answers.size() > 1)
            found.broken(a.key, in_words(a) + " was answered " + times(a.answers.size()), stories({&a}));
        else if (a.answers.empty() && a.killed == nullptr)
            found.broken(a.key, in_words(a) + " was never answered, and its process was not killed", stories({&a}));
        else if (!a.answers.empty() && a.answers.front()->monotonic < a.invokes.front()->monotonic)
            found.broken(a.key, in_words(a) + " was answered before it was made", stories({&a}));
    }
}

void leases_end_once(const history_index& h, const judge_options&, rule_findings& found)
{
    for (const auto& a : h.attempts) {
        const bool held = a.granted() != nullptr;
        if (held)
            found.judged();
        if (!held && !(a.releases.empty() && a.losses.empty() && a.effects.empty()))
            found.broken(a.key, in_words(a) + " holds nothing, and ends or uses it",
                         stories({&a}, {a.effects.empty() ? nullptr : a.effects.front()}));
        else if (a.releases.size() > 1)
            found.broken(a.key, in_words(a) + " was released " + times(a.releases.size()), stories({&a}));
        else if (held && a.end() == nullptr)
            found.broken(a.key, in_words(a) + " was granted, and neither released nor lost", stories({&a}));
    }
}

}  // namespace turnstile::inline v0::testing

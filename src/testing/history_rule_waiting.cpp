// Lines move, and when all is over a fresh client is served.
#include "history_rules.hpp"
#include "standstill.hpp"

namespace turnstile::inline v0::testing {

nanoseconds standstill_max(const judge_options& how)
{
    using namespace std::chrono_literals;
    return how.standstill_max.count() != 0 ? how.standstill_max : 2 * how.session_timeout + 2s;
}

void lines_move(const history_index& h, const judge_options& how, rule_findings& found)
{
    for (const auto& [name, k] : h.keys)
        for (const auto& s : standstills_of(k, h)) {
            found.judged();
            if (s.length > standstill_max(how))
                found.broken(name,
                             in_words(*s.waiting) + " waited " + milliseconds_in_words(s.length) +
                                 " while nobody held and nothing was wrong",
                             s.before != nullptr ? stories({s.before, s.waiting}) : stories({s.waiting}));
        }
}

void fresh_clients_are_served(const history_index& h, const judge_options& how, rule_findings& found)
{
    for (const auto& e : h.events) {
        if (e.type != history_event_type::probe)
            continue;
        found.judged();
        if (!e.accepted)
            found.broken(e.key, "when all was over, a fresh client did not get key " + e.key, {&e});
        else if (e.waited > how.probe_max)
            found.broken(
                e.key,
                "when all was over, a fresh client got key " + e.key + " only after " + milliseconds_in_words(e.waited),
                {&e});
    }
}

void nothing_is_left(const history_index& h, const judge_options&, rule_findings& found)
{
    for (const auto& e : h.events) {
        if (e.type != history_event_type::census)
            continue;
        found.judged();
        if (e.nodes > 0)
            found.broken(e.key, std::to_string(e.nodes) + " nodes were left in the lines", {&e});
        if (e.watches > 0)
            found.broken(e.key, std::to_string(e.watches) + " watches were left on the servers", {&e});
    }
}

}  // namespace turnstile::inline v0::testing

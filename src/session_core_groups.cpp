// The session core's group commit: who waits, who travels with whom, and who gets which answer.
#include "session_core.hpp"

#include "group_commit.hpp"
#include "session_core_guarded.hpp"

#include <utility>

namespace turnstile::inline v0::detail {

/// False: it sets out at once, alone.
bool session_core::waits_for_others(const std::shared_ptr<flight>& f)
{
    if (groups_.may_go()) {
        groups_.set_out(*f);
        return false;
    }
    groups_.wait(f);
    return true;
}

/// Some have landed: those who waited go.
void session_core::depart(guarded& g)
{
    while (groups_.may_depart()) {
        auto members = groups_.next();
        if (members.empty())
            break;
        const auto in = members.front()->in;
        const bool over = gives_nothing_more() || in != epoch_ || epoch_over_;
        if (over) {
            for (const auto& m : members) {
                m->answer_rest(gives_nothing_more() ? reason_when_over() : errc::session_expired);
                land(g, *m);
            }
            continue;
        }
        if (members.size() == 1) {
            groups_.set_out(*members.front());
            requeue(members.front());
            continue;
        }
        for (const auto& m : members)
            m->was_sent = true;  // as far as anybody can tell who gives up from now on
        const auto carrier = carrier_of(std::move(members));
        groups_.set_out(*carrier);
        requeue(carrier);
    }
    pump(g);
}

/// Each member gets its share. One whose write could not be done has undone those of the others: once more, each alone.
void session_core::arrive(guarded& g, flight& carrier)
{
    if (was_undone(carrier)) {
        g.after([self = shared_from_this(), members = std::move(carrier.members)] { self->send_alone(members); });
        return;
    }
    auto shares = shares_of(carrier, identity_.id);
    for (std::size_t i = 0; i < shares.size(); ++i) {
        auto& m = *carrier.members[i];
        if (m.stage == flight_stage::landed)
            continue;  // has given up
        m.answers = std::move(shares[i]);
        land(g, m);
    }
    carrier.members.clear();
}

void session_core::send_alone(const std::vector<std::shared_ptr<flight>>& members)
{
    guarded g{*this};
    for (const auto& m : members) {
        if (m->stage == flight_stage::landed)
            continue;
        m->was_sent = false;
        if (gives_nothing_more() || m->in != epoch_ || epoch_over_) {
            m->answer_rest(gives_nothing_more() ? reason_when_over() : errc::session_expired);
            land(g, *m);
        } else {
            requeue(m);
        }
    }
    pump(g);
}

}  // namespace turnstile::inline v0::detail

// The session core's group commit: who waits, who travels with whom, and who gets which answer.
#include "session_core.hpp"

#include "group_commit.hpp"
#include "session_core_guarded.hpp"

#include <utility>

namespace turnstile::inline v0::detail {

namespace {

std::shared_ptr<flight> carrier_for(group_commit::group members)
{
    for (const auto& m : members)
        m->was_sent = true;  // as far as anybody can tell who gives up from now on
    return carrier_of(std::move(members));
}

}  // namespace

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
        auto [together, alone] = groups_.next();
        if (together.empty())
            break;
        const auto in = together.front()->in;
        if (gives_nothing_more() || in != epoch_ || epoch_over_) {
            for (const auto* members : {&together, &alone})
                for (const auto& m : *members)
                    land_unsent(g, *m);
            continue;
        }
        sets_out(together.size() == 1 ? together.front() : carrier_for(std::move(together)));
        for (const auto& f : alone)
            sets_out(f);
    }
    pump(g);
}

void session_core::sets_out(const std::shared_ptr<flight>& f)
{
    groups_.set_out(*f);
    requeue(f);
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

/// The session for which it was meant is over.
void session_core::land_unsent(guarded& g, flight& f)
{
    f.answer_rest(gives_nothing_more() ? reason_when_over() : errc::session_expired);
    land(g, f);
}

void session_core::send_alone(const std::vector<std::shared_ptr<flight>>& members)
{
    guarded g{*this};
    for (const auto& m : members) {
        if (m->stage == flight_stage::landed)
            continue;
        m->was_sent = false;
        if (gives_nothing_more() || m->in != epoch_ || epoch_over_)
            land_unsent(g, *m);
        else
            requeue(m);
    }
    pump(g);
}

}  // namespace turnstile::inline v0::detail

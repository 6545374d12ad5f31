#include "joint_dialogue.hpp"

#include <turnstile/path.hpp>

#include <algorithm>
#include <iterator>
#include <span>
#include <utility>

namespace turnstile::inline v0::detail {

joint_dialogue::joint_dialogue(joint_entering in, goal g)
    : entering_{std::move(in)}, goal_{g}, long_wait_{entering_.line().session.timeout() / 4}
{
}

dialogue::move joint_dialogue::begin() { return move::ask(entering_.question()); }

dialogue::move joint_dialogue::answered(std::vector<outcome> answers)
{
    if (places_.empty())
        return enter(std::move(answers));
    if (circle_.answered(answers))
        return next();
    auto rest = std::span<const outcome>{answers};
    for (const auto& a : std::exchange(asked_, {})) {
        places_[a.vigil].answered(rest.first(a.operations));
        rest = rest.subspan(a.operations);
    }
    return next();
}

dialogue::move joint_dialogue::enter(std::vector<outcome> answers)
{
    switch (entering_.answered(std::move(answers))) {
        case joint_entering::state::under_way:
            return move::ask(entering_.question());
        case joint_entering::state::stands:
            break;
        default:
            return move::done(entering_.why());
    }
    const auto lists = entering_.take_lists();
    places_.reserve(ours().size());
    for (std::size_t i = 0; i < ours().size(); ++i) {
        places_.emplace_back(ours()[i].line(), ours()[i].own(), ours()[i].in());
        if (i < lists.size() && !lists[i].empty())
            places_.back().listed(lists[i], 0);
    }
    return next();
}

dialogue::move joint_dialogue::happened(const watch_event& event)
{
    for (std::size_t i = 0; i < places_.size(); ++i)
        if (ours()[i].line().directory == parent_path(event.path) && ours()[i].line().has(path_name(event.path)))
            places_[i].happened(event);
    return next();
}

dialogue::move joint_dialogue::waited()
{
    patient_ = true;
    for (auto& p : places_)
        p.guard_own();
    circle_.look(ours());
    return next();
}

dialogue::move joint_dialogue::next()
{
    const auto is = [](vigil::state s) { return [s](const vigil& v) { return v.now() == s; }; };
    const auto lost = std::find_if(places_.begin(), places_.end(), is(vigil::state::never));
    if (lost != places_.end())
        return move::done(lost->why());
    if (our_turn())
        return move::done();
    const auto placed = [](const vigil& v) { return v.placed(); };
    if (goal_ == goal::place && std::all_of(places_.begin(), places_.end(), placed))
        return move::done();
    if (std::any_of(places_.begin(), places_.end(), is(vigil::state::asks)))
        return ask();
    if (circle_.found())
        return move::done(errc::would_deadlock);
    if (circle_.asks())
        return move::ask(circle_.question());
    return move::wait(patient_ ? circle_.next_look() : long_wait_);
}

/// What all places want to know, in one flight.
dialogue::move joint_dialogue::ask()
{
    std::vector<operation> all;
    for (std::size_t i = 0; i < places_.size(); ++i) {
        if (places_[i].now() != vigil::state::asks)
            continue;
        auto question = places_[i].question();
        asked_.push_back({i, question.size()});
        std::move(question.begin(), question.end(), std::back_inserter(all));
    }
    return move::ask(std::move(all));
}

bool joint_dialogue::our_turn() const
{
    const auto turn = [](const vigil& v) { return v.now() == vigil::state::our_turn; };
    return !places_.empty() && std::all_of(places_.begin(), places_.end(), turn);
}

}  // namespace turnstile::inline v0::detail

#include "turn_dialogue.hpp"

#include <utility>

namespace turnstile::inline v0::detail {

turn_dialogue::turn_dialogue(entering in, goal g)
    : entering_{std::move(in)}, goal_{g}, long_wait_{entering_.line().session.timeout() / 4}
{
}

dialogue::move turn_dialogue::begin() { return move::ask(entering_.question(), entering_.together()); }

dialogue::move turn_dialogue::answered(std::vector<outcome> answers)
{
    if (!us_)
        return enter(std::move(answers));
    if (!circle_.answered(answers))
        us_->answered(answers);
    return next();
}

dialogue::move turn_dialogue::enter(std::vector<outcome> answers)
{
    switch (entering_.answered(std::move(answers))) {
        case entering::state::under_way:
            return move::ask(entering_.question());
        case entering::state::stands:
            us_.emplace(entering_.line(), entering_.ours().own(), entering_.ours().in(), entering_.take_book());
            if (const auto& told = entering_.terms(); told && told->ok())
                us_->told_terms(*told);
            us_->entered(entering_.directory_made());
            if (const auto list = entering_.take_list(); !list.empty())
                us_->listed(list, entering_.directory_made());
            return next();
        default:
            return move::done(entering_.why());
    }
}

dialogue::move turn_dialogue::happened(const watch_event& event)
{
    us_->happened(event);
    return next();
}

dialogue::move turn_dialogue::waited()
{
    patient_ = true;
    us_->guard_own();
    circle_.look(std::span{&entering_.ours(), 1});
    return next();
}

dialogue::move turn_dialogue::next()
{
    const auto now = us_->now();
    if (now == vigil::state::our_turn)
        return move::done();
    if (now == vigil::state::never)
        return move::done(us_->why());
    // Who does not wait asks until it knows where it stands, but not after each of those ahead.
    if (goal_ == goal::place && us_->placed() && (!us_->hopes() || std::exchange(looked_, true)))
        return move::done();
    if (now == vigil::state::asks)
        return move::ask(us_->question());
    if (circle_.found())
        return move::done(errc::would_deadlock);
    if (circle_.asks())
        return move::ask(circle_.question());
    return move::wait(patient_ ? circle_.next_look() : long_wait_);
}

}  // namespace turnstile::inline v0::detail

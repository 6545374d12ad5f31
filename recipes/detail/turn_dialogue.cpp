#include "turn_dialogue.hpp"

#include <turnstile/path.hpp>

#include <utility>

namespace turnstile::inline v0::detail {

turn_dialogue::turn_dialogue(entering in, goal g)
    : entering_{std::move(in)}, goal_{g}, long_wait_{entering_.line().session.timeout() / 4}
{
}

dialogue::move turn_dialogue::begin() { return move::ask(entering_.question()); }

dialogue::move turn_dialogue::answered(std::vector<outcome> answers)
{
    if (!us_)
        return enter(std::move(answers));
    if (!asked_.empty())
        return look(answers);
    auto& list = answers.front();
    if (list.ec)
        return move::done(list.ec);
    us_->listed(list.children);
    return next();
}

dialogue::move turn_dialogue::enter(std::vector<outcome> answers)
{
    switch (entering_.answered(std::move(answers))) {
        case entering::state::under_way:
            return move::ask(entering_.question());
        case entering::state::stands:
            us_.emplace(entering_.ours().own());
            if (const auto list = entering_.take_list(); !list.empty())
                us_->listed(list);
            return next();
        default:
            return move::done(entering_.why());
    }
}

dialogue::move turn_dialogue::look(const std::vector<outcome>& answers)
{
    const auto asked = std::exchange(asked_, {});
    for (std::size_t i = 0; i < answers.size(); ++i) {
        if (answers[i].ok())
            us_->seen(asked[i].name, asked[i].watch);
        else if (answers[i].ec == errc::no_node)
            us_->went(asked[i].name);
        else
            return move::done(answers[i].ec);
    }
    return next();
}

dialogue::move turn_dialogue::happened(const watch_event& event)
{
    if (event.type == watch_event_type::erased)
        us_->went(path_name(event.path));
    else
        us_->stirred(path_name(event.path));
    return next();
}

dialogue::move turn_dialogue::waited()
{
    patient_ = true;
    us_->guard_own();
    return next();
}

dialogue::move turn_dialogue::next()
{
    const auto what = us_->next();
    if (what == need::nothing)
        return move::done();
    if (what == need::gone)
        return move::done(errc::lost);
    if (what == need::list) {
        std::vector<operation> list;
        list.emplace_back(op::children{directory()});
        return move::ask(std::move(list));
    }
    if (goal_ == goal::place)
        return move::done();
    return what == need::look ? ask_to_look() : move::wait(patient_ ? deadline::never() : long_wait_);
}

dialogue::move turn_dialogue::ask_to_look()
{
    asked_ = us_->to_look();
    std::vector<operation> look;
    look.reserve(asked_.size());
    for (const auto& g : asked_)
        // get, not exists: a get that finds no node leaves no watch behind.
        look.emplace_back(op::get{join_path(directory(), g.name), g.watch});
    return move::ask(std::move(look));
}

}  // namespace turnstile::inline v0::detail

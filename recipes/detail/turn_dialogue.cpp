#include "turn_dialogue.hpp"

#include <turnstile/path.hpp>

#include <utility>

namespace turnstile::inline v0::detail {

turn_dialogue::turn_dialogue(std::shared_ptr<const std::string> directory, standing us, deadline long_wait)
    : directory_{std::move(directory)}, us_{std::move(us)}, long_wait_{long_wait}
{
}

dialogue::move turn_dialogue::begin() { return next(); }

dialogue::move turn_dialogue::next()
{
    switch (us_.next()) {
        case need::nothing:
            return move::done();
        case need::gone:
            return move::done(errc::lost);
        case need::wait:
            return move::wait(patient_ ? deadline::never() : long_wait_);
        case need::list: {
            asked_.clear();
            std::vector<operation> list;
            list.emplace_back(op::children{*directory_});
            return move::ask(std::move(list));
        }
        case need::look:
            break;
    }
    asked_ = us_.to_look();
    std::vector<operation> look;
    look.reserve(asked_.size());
    for (const auto& g : asked_)
        // get, not exists: a get that finds no node leaves no watch behind.
        look.emplace_back(op::get{join_path(*directory_, g.name), g.watch});
    return move::ask(std::move(look));
}

dialogue::move turn_dialogue::answered(const std::vector<outcome>& answers)
{
    if (asked_.empty()) {
        const auto& list = answers.front();
        if (list.ec)
            return move::done(list.ec);
        us_.listed(list.children);
        return next();
    }
    const auto asked = std::exchange(asked_, {});
    for (std::size_t i = 0; i < answers.size(); ++i) {
        if (answers[i].ok())
            us_.seen(asked[i].name, asked[i].watch);
        else if (answers[i].ec == errc::no_node)
            us_.went(asked[i].name);
        else
            return move::done(answers[i].ec);
    }
    return next();
}

dialogue::move turn_dialogue::happened(const watch_event& event)
{
    if (event.type == watch_event_type::erased)
        us_.went(path_name(event.path));
    else
        us_.stirred(path_name(event.path));
    return next();
}

dialogue::move turn_dialogue::waited()
{
    patient_ = true;
    us_.guard_own();
    return next();
}

}  // namespace turnstile::inline v0::detail

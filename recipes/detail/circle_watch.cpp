#include "circle_watch.hpp"

#include <utility>

namespace turnstile::inline v0::detail {

void circle_watch::look(std::span<const ticket> places)
{
    const auto& line = places.front().line();
    auto held = line.present->held_elsewhere();
    search_.reset();
    next_ = deadline::never();
    if (held.empty())
        return;
    std::vector<deadlock_search::own_place> ours;
    for (const auto& p : places)
        ours.emplace_back(p.line().directory, p.own().name, p.token() - p.line().session.options().fence_base);
    search_ = std::make_unique<deadlock_search>(std::move(ours), line.data(), held, line.session.options().root);
    next_ = deadline{line.session.timeout() / 4};
}

std::vector<operation> circle_watch::question()
{
    asked_ = true;
    return search_->question();
}

bool circle_watch::answered(std::span<const outcome> answers)
{
    if (!std::exchange(asked_, false))
        return false;
    search_->answered(answers);
    return true;
}

}  // namespace turnstile::inline v0::detail

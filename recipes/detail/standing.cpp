#include "standing.hpp"

#include <algorithm>
#include <iterator>

namespace turnstile::inline v0::detail {

namespace {

/// So many names are kept and looked up one by one; beyond, listing again is cheaper, and memory per waiter stays constant.
constexpr std::size_t few = 4;
/// How many of the nearest are watched.
constexpr std::size_t watched_nearest = 2;

}  // namespace

void standing::listed(const std::vector<std::string>& children)
{
    auto ahead = places_ahead(children, own_);
    listed_ = true;
    if (!ahead) {
        own_gone_ = true;
        return;
    }
    more_ = ahead->size() > few;
    if (more_)
        ahead->erase(ahead->begin(), ahead->end() - watched_nearest);
    std::vector<neighbour> now;
    now.reserve(ahead->size());
    for (const auto& p : *ahead) {
        neighbour n{std::string{p.name}};
        if (const auto known = find(n.name); known != ahead_.end())
            n.watched = known->watched;
        now.push_back(std::move(n));
    }
    ahead_ = std::move(now);
}

void standing::seen(std::string_view name, bool watched)
{
    if (name == own_.name)
        own_watched_ = own_watched_ || watched;
    if (const auto n = find(name); n != ahead_.end()) {
        n->watched = n->watched || watched;
        n->verified = true;
    }
}

void standing::went(std::string_view name)
{
    if (name == own_.name)
        own_gone_ = true;
    const auto gone = find(name);
    if (gone == ahead_.end())
        return;
    // Usually it was the holder, and then all before it have gone as well: find out, while the one just ahead holds.
    for (auto n = ahead_.begin(); n != gone; ++n)
        n->verified = false;
    ahead_.erase(gone);
}

void standing::stirred(std::string_view name)
{
    if (name == own_.name)
        own_watched_ = false;
    if (const auto n = find(name); n != ahead_.end())
        n->watched = false;
}

need standing::next() const
{
    if (own_gone_)
        return need::gone;
    if (!listed_ || (more_ && ahead_.size() < watched_nearest))
        return need::list;
    if (ahead_.empty())
        return need::nothing;
    return to_look().empty() ? need::wait : need::look;
}

std::vector<standing::glance> standing::to_look() const
{
    std::vector<glance> look;
    for (std::size_t i = ahead_.size(); i-- > 0;) {
        const auto& n = ahead_[i];
        const bool near = ahead_.size() - i <= watched_nearest;
        if (near ? !n.watched : !n.verified)
            look.emplace_back(n.name, near);
    }
    if (own_guarded_ && !own_watched_)
        look.emplace_back(own_.name, true);
    return look;
}

std::vector<standing::neighbour>::iterator standing::find(std::string_view name)
{
    return std::find_if(ahead_.begin(), ahead_.end(), [&](const neighbour& n) { return n.name == name; });
}

}  // namespace turnstile::inline v0::detail

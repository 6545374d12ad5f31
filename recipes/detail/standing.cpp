#include "standing.hpp"

#include <algorithm>
#include <cstddef>
#include <span>

namespace turnstile::inline v0::detail {

namespace {

/// So many names are kept and looked up one by one; beyond, listing again is cheaper, and memory per waiter stays constant.
constexpr std::size_t few = 4;

}  // namespace

standing::standing(place own) : own_{std::move(own)}
{
    const auto ours = view_place(own_.name).value_or(place_view{});
    weight_ = ours.weight;
    shared_ = ours.shared;
}

template <class Places>
std::size_t standing::enough_of(const Places& ahead) const noexcept
{
    std::uint64_t filled = weight_;
    std::size_t n = 0;
    for (auto p = ahead.rbegin(); p != ahead.rend() && filled <= capacity_; ++p, ++n)
        filled += p->weight;
    return filled > capacity_ ? n : n + 1;
}

void standing::listed(const std::vector<std::string>& children)
{
    // Each weighs one at least, so no more of them can matter (enough_of).
    auto ahead = places_ahead(children, own_, std::max(few, std::size_t{capacity_} + 1));
    listed_ = true;
    if (!ahead) {
        own_gone_ = true;
        return;
    }
    keep(*ahead);
}

void standing::told(const std::vector<place>& nearest, std::uint64_t beyond)
{
    queue_ahead ahead;
    for (const auto& p : nearest)
        ahead.nearest.emplace_back(p.sequence, p.name);
    ahead.beyond = beyond;
    listed_ = true;
    keep(ahead);
}

void standing::keep(const queue_ahead& ahead)
{
    std::span kept{ahead.nearest};
    beyond_ = ahead.beyond;
    if (beyond_ != 0 || kept.size() > few) {
        const auto farther = kept.size() - std::min(enough_of(kept) + 1, kept.size());
        for (const auto& p : kept.first(farther))
            beyond_ += p.weight;
        kept = kept.subspan(farther);
    }
    std::vector<neighbour> now;
    now.reserve(kept.size());
    for (const auto& p : kept) {
        neighbour n{std::string{p.name}, p.weight};
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
    // Somebody may stand in its stead, in front of us, whom no list of ours has shown.
    if (may_insert(name) && !shared_)
        listed_ = false;
    ahead_.erase(gone);
}

void standing::downgraded(std::string_view name)
{
    const auto reader = find(name);
    if (shared_ && reader != ahead_.end())
        ahead_.erase(reader);
}

void standing::stirred(std::string_view name)
{
    if (name == own_.name)
        own_watched_ = false;
    if (const auto n = find(name); n != ahead_.end())
        n->watched = false;
}

bool standing::out_of_sight() const noexcept { return listed_ && !own_gone_ && !fits() && !sees_far_enough(); }

std::uint64_t standing::weight_ahead() const noexcept
{
    std::uint64_t filled = beyond_;
    for (const auto& n : ahead_)
        filled += n.weight;
    return filled;
}

bool standing::fits() const noexcept { return weight_ahead() + weight_ <= capacity_; }

need standing::next() const
{
    if (own_gone_)
        return need::gone;
    if (!listed_)
        return need::list;
    if (fits())
        return need::nothing;
    if (!sees_far_enough())
        return need::list;
    return to_look().empty() ? need::wait : need::look;
}

std::vector<standing::glance> standing::to_look() const
{
    std::vector<glance> look;
    const auto watched_nearest = enough_of(ahead_) + 1;
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

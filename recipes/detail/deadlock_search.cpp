#include "deadlock_search.hpp"

#include <turnstile/path.hpp>

#include "contender_record.hpp"
#include "line_verbs.hpp"
#include "place_name.hpp"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

namespace turnstile::inline v0::detail {

namespace {

constexpr std::size_t levels_max = 8;
constexpr std::size_t waiters_max = 256;

/// A whole path as one of our session; nullopt: it is outside.
std::optional<std::string> within(const std::string& root, const std::string& whole)
{
    if (root == "/")
        return whole;
    if (!whole.starts_with(root + "/"))
        return std::nullopt;
    return whole.substr(root.size());
}

/// `later` stands behind `earlier`, and has to wait for it.
bool waits_for(const place_view& later, const place_view& earlier, bool earlier_downgraded)
{
    // Permits belong to nobody in particular: who waits for some waits for any of their holders.
    if (asks_for_permits(later.name) || asks_for_permits(earlier.name))
        return false;
    const bool both_read = later.shared && (earlier.shared || earlier_downgraded);
    return earlier.sequence < later.sequence && !both_read;
}

/// For people.
std::string name_of_line(std::string_view node)
{
    auto line = line_of(node);
    line.remove_suffix(1);
    return std::string{line};
}

bool says_reader(const outcome& node) { return node.ok() && parse_contender_record(node.data).downgraded; }

}  // namespace

deadlock_search::deadlock_search(std::vector<own_place> places, std::string record, const std::vector<std::string>& held,
                                 std::string root)
    : places_{std::move(places)},
      record_{std::move(record)},
      owner_{parse_contender_record(record_).owner},
      root_{std::move(root)}
{
    for (const auto& h : held)
        if (auto node = within(root_, h)) {
            links_.emplace_back().holds = *node;
            known_.insert(std::move(*node));
        }
    if (links_.empty())
        step_ = step::over;
}

std::vector<operation> deadlock_search::question() const
{
    std::vector<operation> q;
    switch (step_) {
        case step::holders:
            for (auto i = frontier_; i < links_.size(); ++i) {
                q.emplace_back(op::get{links_[i].holds});
                q.emplace_back(op::children{std::string{parent_path(links_[i].holds)}});
            }
            break;
        case step::waiters:
            for (const auto& w : waiters_)
                q.emplace_back(op::get{w.node});
            break;
        case step::confirm:
            for (const auto i : chain()) {
                q.emplace_back(op::get{links_[i].holds});
                if (links_[i].behind != ours)
                    q.emplace_back(op::get{links_[i].waits_at});
            }
            break;
        default:
            break;
    }
    return q;
}

void deadlock_search::answered(std::span<const outcome> answers)
{
    switch (step_) {
        case step::holders:
            return look_behind(answers);
        case step::waiters:
            return look_at(answers);
        case step::confirm:
            return confirm(answers);
        default:
            break;
    }
}

void deadlock_search::look_behind(std::span<const outcome> answers)
{
    waiters_.clear();
    for (auto i = frontier_; i < links_.size(); ++i) {
        const auto& node = answers[2 * (i - frontier_)];
        const auto& list = answers[2 * (i - frontier_) + 1];
        const auto holder = view_place(path_name(links_[i].holds));
        if (!node.ok() || !list.ok() || !holder)
            continue;  // given back meanwhile
        const auto directory = parent_path(links_[i].holds);
        for (const auto& p : places_in(list.children, key_of(path_name(links_[i].holds)))) {
            auto path = join_path(directory, p.name);
            if (waiters_.size() < waiters_max && waits_for(p, *holder, says_reader(node)) && known_.insert(path).second)
                waiters_.push_back({std::move(path), i});
        }
    }
    step_ = waiters_.empty() ? step::over : step::waiters;
}

void deadlock_search::look_at(std::span<const outcome> answers)
{
    frontier_ = links_.size();
    for (std::size_t i = 0; i < waiters_.size(); ++i) {
        const auto& w = waiters_[i];
        const auto record = parse_contender_record(answers[i].data);
        const auto place = view_place(path_name(w.node));
        if (!answers[i].ok() || !place || record.owner.empty() || record.owner == owner_)
            continue;
        for (const auto& held : record.holds) {
            auto node = within(root_, held);
            if (!node || !known_.insert(*node).second)
                continue;
            auto& l = links_.emplace_back();
            l.holds = std::move(*node);
            l.waits_at = w.node;
            l.behind = w.behind;
            l.created = answers[i].stat.czxid;
            l.who = contender_of(*place, answers[i]);
            if (closes(l.holds) && came_last(links_.size() - 1)) {
                last_ = links_.size() - 1;
                step_ = step::confirm;
                return;
            }
        }
    }
    next_level();
}

void deadlock_search::next_level()
{
    const bool goes_on = frontier_ < links_.size() && ++level_ < levels_max;
    step_ = goes_on ? step::holders : step::over;
}

void deadlock_search::confirm(std::span<const outcome> answers)
{
    const bool all_there = std::all_of(answers.begin(), answers.end(), [](const outcome& o) { return o.ok(); });
    // The first answer is of the node that we wait for: its writer may have become a reader, and we read.
    step_ = all_there && closes(links_[last_].holds, says_reader(answers.front())) ? step::found : step::over;
}

const deadlock_search::own_place* deadlock_search::closes(const std::string& held, bool downgraded) const
{
    const auto theirs = view_place(path_name(held));
    for (const auto& p : places_) {
        const auto mine = view_place(p.name);
        if (theirs && mine && line_of(held) == line_of(join_path(p.directory, p.name)) &&
            waits_for(*mine, *theirs, downgraded))
            return &p;
    }
    return nullptr;
}

/// From the one who holds what we wait for, to ourselves.
std::vector<std::size_t> deadlock_search::chain() const
{
    std::vector<std::size_t> all;
    for (auto i = last_; i != ours; i = links_[i].behind)
        all.push_back(i);
    return all;
}

bool deadlock_search::came_last(std::size_t last) const
{
    for (auto i = last; i != ours; i = links_[i].behind)
        if (links_[i].created > places_.front().created)
            return false;
    return true;
}

std::vector<deadlock_wait> deadlock_search::cycle() const
{
    const auto* const mine = closes(links_[last_].holds);
    outcome own;
    own.data = record_;
    std::vector<deadlock_wait> all;
    all.emplace_back(name_of_line(join_path(mine->directory, mine->name)),
                     contender_of(view_place(mine->name).value(), own));
    for (const auto i : chain())
        if (links_[i].behind != ours)
            all.emplace_back(name_of_line(links_[i].waits_at), links_[i].who);
    return all;
}

}  // namespace turnstile::inline v0::detail

#include "watch_table.hpp"

#include "mailbox.hpp"

#include <algorithm>
#include <utility>

namespace turnstile::inline v0::detail {

namespace {

bool concerns(watch_event_type type, watch_subject subject) noexcept
{
    switch (type) {
        case watch_event_type::created:
        case watch_event_type::changed:
            return subject == watch_subject::node;
        case watch_event_type::children_changed:
            return subject == watch_subject::children;
        case watch_event_type::erased:
            return true;
    }
    return false;
}

}  // namespace

void watch_table::expect(const std::string& path)
{
    const auto [at, fresh] = by_path_.try_emplace(path);
    if (fresh)
        bytes_ += path.size();
    ++at->second.expected;
}

void watch_table::settled(const std::string& path)
{
    const auto at = by_path_.find(path);
    if (at == by_path_.end())
        return;
    --at->second.expected;
    drop_if_idle(at);
}

void watch_table::add(const std::string& path, watch_subject subject, const std::shared_ptr<mailbox>& box)
{
    const auto [at, fresh] = by_path_.try_emplace(path);
    if (fresh)
        bytes_ += path.size();
    at->second.entries.emplace_back(box, subject);
    box->watching.push_back(&at->first);
    ++count_;
}

std::vector<std::shared_ptr<mailbox>> watch_table::fire(watch_event_type type, const std::string& path)
{
    std::vector<std::shared_ptr<mailbox>> told;
    const auto at = by_path_.find(path);
    if (at == by_path_.end())
        return told;
    auto& entries = at->second.entries;
    std::erase_if(entries, [&](const entry& e) {
        if (!concerns(type, e.subject))
            return false;
        auto& watching = e.box->watching;
        watching.erase(std::find(watching.begin(), watching.end(), &at->first));
        --count_;
        told.push_back(e.box);
        return true;
    });
    drop_if_idle(at);
    return told;
}

std::vector<std::string> watch_table::forget(mailbox& box)
{
    std::vector<std::string> idle;
    auto paths = std::exchange(box.watching, {});
    std::sort(paths.begin(), paths.end(), [](const auto* a, const auto* b) { return *a < *b; });
    paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
    for (const auto* path : paths) {
        const auto at = by_path_.find(*path);
        count_ -= std::erase_if(at->second.entries, [&](const entry& e) { return e.box.get() == &box; });
        if (at->second.entries.empty() && at->second.expected == 0)
            idle.push_back(*path);
        drop_if_idle(at);
    }
    return idle;
}

std::vector<std::shared_ptr<mailbox>> watch_table::clear()
{
    std::vector<std::shared_ptr<mailbox>> told;
    for (auto& [path, w] : by_path_)
        for (auto& e : w.entries) {
            e.box->watching.clear();
            told.push_back(std::move(e.box));
        }
    by_path_.clear();
    bytes_ = count_ = 0;
    return told;
}

bool watch_table::watched(const std::string& path) const { return by_path_.contains(path); }

void watch_table::drop_if_idle(std::unordered_map<std::string, watchers>::iterator at)
{
    if (!at->second.entries.empty() || at->second.expected != 0)
        return;
    bytes_ -= at->first.size();
    by_path_.erase(at);
}

}  // namespace turnstile::inline v0::detail

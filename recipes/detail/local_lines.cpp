#include "local_lines.hpp"

#include <turnstile/lending.hpp>

#include "local_line.hpp"

#include <utility>

namespace turnstile::inline v0::detail {

local_lines::local_lines(session s, cohort_options how) : session_{std::move(s)}, options_{how}, errands_{errand_executor()}
{
}

std::shared_ptr<local_line> local_lines::line(const std::string& path)
{
    const std::lock_guard lock{mutex_};
    auto& known = lines_[path];
    auto line = known.lock();
    if (!line)
        known = line = std::make_shared<local_line>(shared_from_this(), path);
    return line;
}

void local_lines::forget(const std::string& path) noexcept
{
    const std::lock_guard lock{mutex_};
    const auto known = lines_.find(path);
    if (known != lines_.end() && known->second.expired())  // otherwise a new one has taken its place
        lines_.erase(known);
}

std::shared_ptr<local_line> local_lines::keeps(std::shared_ptr<local_line> line)
{
    const std::lock_guard lock{mutex_};
    if (closed_)
        return line;
    const auto* const key = line.get();
    where_.emplace(key, idle_.insert(idle_.end(), std::move(line)));
    if (idle_.size() <= options_.keep)
        return nullptr;
    auto longest = std::move(idle_.front());
    where_.erase(longest.get());
    idle_.pop_front();
    return longest;
}

void local_lines::keeps_no_more(const local_line* line)
{
    idle_list dropped;  // the line may end with it, and would come back to us
    const std::lock_guard lock{mutex_};
    const auto there = where_.find(line);
    if (there == where_.end())
        return;
    dropped.splice(dropped.end(), idle_, there->second);
    where_.erase(there);
}

std::size_t local_lines::kept() const
{
    const std::lock_guard lock{mutex_};
    return idle_.size();
}

void local_lines::give_up_kept() noexcept
{
    idle_list dropped;
    {
        const std::lock_guard lock{mutex_};
        dropped.swap(idle_);
        where_.clear();
    }
    for (const auto& d : dropped)
        d->give_up_kept();
}

void local_lines::close() noexcept
{
    {
        const std::lock_guard lock{mutex_};
        closed_ = true;
    }
    give_up_kept();
}

}  // namespace turnstile::inline v0::detail

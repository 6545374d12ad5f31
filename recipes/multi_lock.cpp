#include <turnstile/recipes/multi_lock.hpp>

#include "detail/line_verbs.hpp"

#include <algorithm>
#include <utility>

namespace turnstile::inline v0 {

using boost::asio::awaitable;

namespace {

void check_lines(const std::vector<std::string>& paths)
{
    if (paths.empty() || paths.size() > multi_lock::locks_max)
        throw error{errc::bad_argument, "multi_lock", {}, "from 1 to " + std::to_string(multi_lock::locks_max) + " locks"};
    for (const auto& path : paths)
        detail::check_line(path, "multi_lock");
    auto sorted = paths;
    std::sort(sorted.begin(), sorted.end());
    if (const auto twice = std::adjacent_find(sorted.begin(), sorted.end()); twice != sorted.end())
        throw error{errc::bad_argument, "multi_lock", *twice, "named twice"};
}

std::vector<detail::line_request> requests_for(const session& s, const std::vector<std::string>& paths, const char* verb,
                                               const acquire_options& how)
{
    std::vector<detail::line_request> lines;
    lines.reserve(paths.size());
    for (const auto& path : paths)
        lines.push_back(detail::request_for(s, path, verb, how));
    return lines;
}

}  // namespace

multi_lock::multi_lock(session s, std::vector<std::string> paths) : session_{std::move(s)}, paths_{std::move(paths)}
{
    check_lines(paths_);
}

awaitable<lease> multi_lock::acquire() { return acquire(acquire_options{}); }

awaitable<lease> multi_lock::acquire(acquire_options how)
{
    return detail::acquire_in(requests_for(session_, paths_, "acquire", how), how);
}

awaitable<std::optional<lease>> multi_lock::try_acquire() { return try_acquire(acquire_options{}); }

awaitable<std::optional<lease>> multi_lock::try_acquire(acquire_options how)
{
    return detail::try_acquire_in(requests_for(session_, paths_, "try_acquire", how), how);
}

awaitable<std::optional<lease>> multi_lock::try_acquire_until(acquire_options how)
{
    return detail::try_acquire_until_in(requests_for(session_, paths_, "try_acquire_until", how), how);
}

awaitable<lease> acquire_all(const std::vector<mutex>& locks, acquire_options how)
{
    std::vector<std::string> paths;
    for (const auto& m : locks) {
        if (m.get_session() != locks.front().get_session())
            throw error{errc::bad_argument, "acquire_all", m.path(), "of another session than the first"};
        paths.push_back(m.path());
    }
    if (paths.empty())
        throw error{errc::bad_argument, "acquire_all", {}, "no locks"};
    return multi_lock{locks.front().get_session(), std::move(paths)}.acquire(std::move(how));
}

}  // namespace turnstile::inline v0

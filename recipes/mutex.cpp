#include <turnstile/recipes/mutex.hpp>

#include "detail/line_verbs.hpp"

#include <utility>

namespace turnstile::inline v0 {

using boost::asio::awaitable;

mutex::mutex(session s, std::string path) : session_{std::move(s)}, path_{std::move(path)}
{
    detail::check_line(path_, "mutex");
}

awaitable<lease> mutex::acquire() { return acquire(acquire_options{}); }

awaitable<lease> mutex::acquire(acquire_options how)
{
    return detail::acquire_in(detail::request_for(session_, path_, "acquire", how), how);
}

awaitable<std::optional<lease>> mutex::try_acquire() { return try_acquire(acquire_options{}); }

awaitable<std::optional<lease>> mutex::try_acquire(acquire_options how)
{
    return detail::try_acquire_in(detail::request_for(session_, path_, "try_acquire", how), how);
}

awaitable<std::optional<lease>> mutex::try_acquire_until(deadline until)
{
    return try_acquire_until(acquire_options{until});
}

awaitable<std::optional<lease>> mutex::try_acquire_until(acquire_options how)
{
    return detail::try_acquire_until_in(detail::request_for(session_, path_, "try_acquire_until", how), how);
}

awaitable<line_view> mutex::line(deadline until) { return detail::view_line(session_, path_, until); }

}  // namespace turnstile::inline v0

#include <turnstile/recipes/semaphore.hpp>

#include <turnstile/path.hpp>

#include "detail/line_terms.hpp"
#include "detail/line_verbs.hpp"

#include <utility>

namespace turnstile::inline v0 {

using boost::asio::awaitable;

namespace {

void check_maximum(std::uint32_t maximum, const char* verb, const std::string& path)
{
    if (maximum == 0 || maximum > semaphore::maximum_max)
        throw error{errc::bad_argument, verb, path, "maximum: from 1 to " + std::to_string(semaphore::maximum_max)};
}

detail::line_request request_for(const session& s, const std::string& path, const char* verb, permits n,
                                 std::uint32_t maximum, const acquire_options& how)
{
    const auto most = maximum == 0 ? semaphore::maximum_max : maximum;
    if (n.count == 0 || n.count > most)
        throw error{errc::bad_argument, verb, path, "permits: from 1 to " + std::to_string(most)};
    auto line = detail::request_for(s, path, verb, how);
    line.wanted = {detail::claim::kind::permits, n.count};
    line.maximum = maximum;
    return line;
}

}  // namespace

semaphore::semaphore(session s, std::string path) : session_{std::move(s)}, path_{std::move(path)}
{
    detail::check_line(path_, "semaphore");
}

semaphore::semaphore(session s, std::string path, std::uint32_t maximum) : semaphore{std::move(s), std::move(path)}
{
    check_maximum(maximum, "semaphore", path_);
    maximum_ = maximum;
}

awaitable<lease> semaphore::acquire() { return acquire(acquire_options{}); }

awaitable<lease> semaphore::acquire(acquire_options how) { return acquire(permits{1}, std::move(how)); }

awaitable<lease> semaphore::acquire(permits n, acquire_options how)
{
    return detail::acquire_in(request_for(session_, path_, "acquire", n, maximum_, how), how);
}

awaitable<std::optional<lease>> semaphore::try_acquire() { return try_acquire(acquire_options{}); }

awaitable<std::optional<lease>> semaphore::try_acquire(acquire_options how)
{
    return try_acquire(permits{1}, std::move(how));
}

awaitable<std::optional<lease>> semaphore::try_acquire(permits n, acquire_options how)
{
    return detail::try_acquire_in(request_for(session_, path_, "try_acquire", n, maximum_, how), how);
}

awaitable<std::optional<lease>> semaphore::try_acquire_until(acquire_options how)
{
    return try_acquire_until(permits{1}, std::move(how));
}

awaitable<std::optional<lease>> semaphore::try_acquire_until(permits n, acquire_options how)
{
    return detail::try_acquire_until_in(request_for(session_, path_, "try_acquire_until", n, maximum_, how), how);
}

awaitable<line_view> semaphore::line(deadline until) { return detail::view_line(session_, path_, until); }

namespace {

awaitable<std::uint32_t> read_maximum(session s, std::string path, deadline until)
{
    op::get directory{path};
    const auto found = co_await s.run(std::move(directory), until);
    if (found.ec && found.ec != errc::no_node)
        throw error{found.ec, "maximum", path};
    const auto maximum = detail::parse_terms(found.data);
    if (!maximum)
        throw error{errc::maximum_mismatch, "maximum", path, "none has been set"};
    co_return *maximum;
}

/// Creates and set, in one round trip: one of the two creates or sets the directory's data. Doing it again is harmless, so
/// a doubt is the caller's only as to when.
awaitable<void> write_maximum(session s, std::string path, std::uint32_t maximum, deadline until)
{
    const auto text = detail::terms_to_text(maximum);
    pipeline steps;
    for (auto& prefix : path_prefixes(path)) {
        const bool last = prefix == path;
        steps.add(op::create{std::move(prefix), last ? text : std::string{},
                             last ? create_mode::persistent : create_mode::container});
    }
    steps.add(op::set{path, text});
    const auto answers = co_await s.run(std::move(steps), until);
    if (const auto ec = answers.back().ec)
        throw error{ec, "set_maximum", path};
}

}  // namespace

awaitable<std::uint32_t> semaphore::maximum(deadline until) { return read_maximum(session_, path_, until); }

awaitable<void> semaphore::set_maximum(std::uint32_t maximum, deadline until)
{
    check_maximum(maximum, "set_maximum", path_);
    return write_maximum(session_, path_, maximum, until);
}

}  // namespace turnstile::inline v0

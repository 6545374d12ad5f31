#include <turnstile/recipes/cohort_mutex.hpp>

#include "detail/line_verbs.hpp"
#include "detail/local_lines.hpp"
#include "detail/local_verbs.hpp"

#include <utility>

namespace turnstile::inline v0 {

using boost::asio::awaitable;

namespace {

/// What the copies of a cohort share. The lines keep each other alive while they keep locks; this one ends that.
std::shared_ptr<detail::local_lines> lines_of(session s, cohort_options how)
{
    auto lines = std::make_shared<detail::local_lines>(std::move(s), how);
    auto* const all = lines.get();
    return {all, [lines = std::move(lines)](auto*) { lines->close(); }};
}

}  // namespace

cohort::cohort(session s, cohort_options how) : lines_{lines_of(std::move(s), how)} {}

const session& cohort::get_session() const noexcept { return lines_->get_session(); }

std::size_t cohort::kept() const { return lines_->kept(); }

void cohort::give_up_kept() noexcept { lines_->give_up_kept(); }

cohort_mutex::cohort_mutex(cohort c, std::string path) : cohort_{std::move(c)}, path_{std::move(path)}
{
    detail::check_line(path_, "cohort_mutex");
}

awaitable<lease> cohort_mutex::acquire() { return acquire(acquire_options{}); }

awaitable<lease> cohort_mutex::acquire(acquire_options how)
{
    return detail::acquire_locally(cohort_.lines_->line(path_), "acquire", std::move(how));
}

awaitable<std::optional<lease>> cohort_mutex::try_acquire() { return try_acquire(acquire_options{}); }

awaitable<std::optional<lease>> cohort_mutex::try_acquire(acquire_options how)
{
    return detail::try_acquire_locally(cohort_.lines_->line(path_), "try_acquire", std::move(how));
}

awaitable<std::optional<lease>> cohort_mutex::try_acquire_until(deadline until)
{
    return try_acquire_until(acquire_options{until});
}

awaitable<std::optional<lease>> cohort_mutex::try_acquire_until(acquire_options how)
{
    return detail::try_acquire_locally_until(cohort_.lines_->line(path_), "try_acquire_until", std::move(how));
}

std::size_t cohort_mutex::queued() const { return cohort_.lines_->line(path_)->queued(); }

awaitable<line_view> cohort_mutex::line(deadline until) { return detail::view_line(get_session(), path_, until); }

}  // namespace turnstile::inline v0

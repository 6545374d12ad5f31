#include <turnstile/recipes/shared_mutex.hpp>

#include "detail/contender_record.hpp"
#include "detail/line_verbs.hpp"
#include "detail/retry.hpp"

#include <utility>

namespace turnstile::inline v0 {

using boost::asio::awaitable;

namespace {

detail::line_request request_for(const session& s, const std::string& path, const char* verb, detail::claim wanted,
                                 const acquire_options& how)
{
    auto line = detail::request_for(s, path, verb, how);
    line.wanted = wanted;
    return line;
}

constexpr auto write = detail::claim::kind::write;
constexpr auto read = detail::claim::kind::read;

}  // namespace

shared_mutex::shared_mutex(session s, std::string path) : session_{std::move(s)}, path_{std::move(path)}
{
    detail::check_line(path_, "shared_mutex");
}

awaitable<lease> shared_mutex::acquire() { return acquire(acquire_options{}); }

awaitable<lease> shared_mutex::acquire(acquire_options how)
{
    return detail::acquire_in(request_for(session_, path_, "acquire", write, how), how);
}

awaitable<std::optional<lease>> shared_mutex::try_acquire() { return try_acquire(acquire_options{}); }

awaitable<std::optional<lease>> shared_mutex::try_acquire(acquire_options how)
{
    return detail::try_acquire_in(request_for(session_, path_, "try_acquire", write, how), how);
}

awaitable<std::optional<lease>> shared_mutex::try_acquire_until(acquire_options how)
{
    return detail::try_acquire_until_in(request_for(session_, path_, "try_acquire_until", write, how), how);
}

awaitable<lease> shared_mutex::acquire_shared() { return acquire_shared(acquire_options{}); }

awaitable<lease> shared_mutex::acquire_shared(acquire_options how)
{
    return detail::acquire_in(request_for(session_, path_, "acquire_shared", read, how), how);
}

awaitable<std::optional<lease>> shared_mutex::try_acquire_shared() { return try_acquire_shared(acquire_options{}); }

awaitable<std::optional<lease>> shared_mutex::try_acquire_shared(acquire_options how)
{
    return detail::try_acquire_in(request_for(session_, path_, "try_acquire_shared", read, how), how);
}

awaitable<std::optional<lease>> shared_mutex::try_acquire_shared_until(acquire_options how)
{
    return detail::try_acquire_until_in(request_for(session_, path_, "try_acquire_shared_until", read, how), how);
}

awaitable<line_view> shared_mutex::line(deadline until) { return detail::view_line(session_, path_, until); }

namespace {

/// Reading twice is harmless, and writing by version as well: so a doubt is resolved by doing it again.
awaitable<outcome> for_certain(session s, operation what, deadline until, epoch in)
{
    while (true) {
        operation once = what;
        auto answer = co_await s.run(std::move(once), until, in);
        if (!detail::worth_another_try(answer.ec, until))
            co_return answer;
    }
}

error_code as_holder(error_code ec)
{
    if (ec == errc::no_node || session_over(ec))
        return errc::lost;
    const bool late = ec == errc::deadline_exceeded || ec == errc::not_connected;
    return late ? errc::timed_out : ec;
}

awaitable<void> mark_as_reader(session s, std::string path, epoch in, deadline until)
{
    while (true) {
        op::get own{path};
        const auto node = co_await for_certain(s, std::move(own), until, in);
        if (node.ec)
            throw error{as_holder(node.ec), "downgrade", path};
        auto record = detail::parse_contender_record(node.data);
        if (record.downgraded)
            co_return;
        record.downgraded = true;
        // By version: somebody may be leaving a request there.
        op::set mark{path, detail::to_text(record), node.stat.version};
        const auto marked = co_await for_certain(s, std::move(mark), until, in);
        if (marked.ok())
            co_return;
        if (marked.ec != errc::bad_version)
            throw error{as_holder(marked.ec), "downgrade", path};
    }
}

}  // namespace

awaitable<void> shared_mutex::downgrade(const lease& writing, deadline until)
{
    writing.check();
    return mark_as_reader(writing.get_session(), writing.path(), writing.epoch(), until);
}

}  // namespace turnstile::inline v0

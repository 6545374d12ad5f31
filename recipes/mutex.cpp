#include <turnstile/path.hpp>
#include <turnstile/recipes/mutex.hpp>

#include "detail/contender_record.hpp"
#include "detail/owner_registry.hpp"
#include "detail/place_name.hpp"
#include "detail/waiting_line.hpp"

#include <algorithm>
#include <utility>

namespace turnstile::inline v0 {

using boost::asio::awaitable;

namespace {

constexpr std::size_t purpose_max = 200;

detail::line_ptr request_for(const session& s, const std::string& path, const char* verb, const acquire_options& how)
{
    if (how.purpose.size() > purpose_max)
        throw error{errc::bad_argument, verb, path, "purpose: at most 200 bytes"};
    detail::line_request line{s, path, verb};
    auto record = detail::this_process();
    record.label = s.options().label;
    record.purpose = how.purpose;
    line.data = detail::to_text(record);
    line.until = how.until;
    return std::make_shared<const detail::line_request>(std::move(line));
}

std::shared_ptr<void> enter(const detail::line_ptr& line, const acquire_options& how)
{
    auto present = detail::enter_line(line->session, line->directory, how.owner, how.second_place);
    if (!present)
        throw error{errc::would_deadlock, line->verb, line->directory, "the same owner holds it or waits for it already"};
    return present;
}

bool busy(const std::vector<std::string>& children)
{
    return std::any_of(children.begin(), children.end(), [](const auto& c) { return detail::view_place(c).has_value(); });
}

}  // namespace

mutex::mutex(session s, std::string path) : session_{std::move(s)}, path_{std::move(path)}
{
    if (const auto bad = check_path(path_))
        throw error{bad, "mutex", path_};
    if (path_ == "/")
        throw error{errc::bad_path, "mutex", path_, "the root cannot be a lock"};
}

// The verbs are free coroutines on values: an awaitable may outlive the mutex object that it was asked of.

namespace {

awaitable<std::optional<lease>> try_acquire_in(detail::line_ptr line, std::shared_ptr<void> present)
{
    // A read first: who is refused writes nothing, and leaves nothing to clean up.
    const auto children = co_await detail::list_line(line);
    if (busy(children))
        co_return std::nullopt;
    co_return co_await detail::take_turn_if_free(line, present);
}

awaitable<std::optional<lease>> unless_timed_out(awaitable<lease> attempt)
{
    try {
        co_return co_await std::move(attempt);
    } catch (const error& e) {
        if (e.code() != errc::timed_out)
            throw;
    }
    co_return std::nullopt;
}

}  // namespace

awaitable<lease> mutex::acquire() { return acquire(acquire_options{}); }

awaitable<lease> mutex::acquire(acquire_options how)
{
    auto line = request_for(session_, path_, "acquire", how);
    auto present = enter(line, how);
    return detail::take_turn(std::move(line), std::move(present));
}

awaitable<std::optional<lease>> mutex::try_acquire() { return try_acquire(acquire_options{}); }

awaitable<std::optional<lease>> mutex::try_acquire(acquire_options how)
{
    auto line = request_for(session_, path_, "try_acquire", how);
    auto present = enter(line, how);
    return try_acquire_in(std::move(line), std::move(present));
}

awaitable<std::optional<lease>> mutex::try_acquire_until(deadline until)
{
    return try_acquire_until(acquire_options{until});
}

awaitable<std::optional<lease>> mutex::try_acquire_until(acquire_options how)
{
    if (!how.until.passed())
        return unless_timed_out(acquire(std::move(how)));
    // A deadline that has passed asks for a look, and a look needs some time of its own.
    how.until = deadline{session_.options().operation_timeout};
    return try_acquire(std::move(how));
}

namespace {

awaitable<line_view> view_of(session s, std::string path, deadline until)
{
    detail::line_request request{s, path, "line"};
    request.until = until.is_never() ? deadline{s.options().operation_timeout} : until;
    const auto line = std::make_shared<const detail::line_request>(std::move(request));
    std::vector<detail::place> places;
    for (const auto& child : co_await detail::list_line(line))
        if (auto p = detail::parse_place(child))
            places.push_back(std::move(*p));
    std::sort(places.begin(), places.end());

    pipeline look;
    for (const auto& p : places)
        look.add(op::get{join_path(path, p.name)});
    const auto records = co_await s.run(std::move(look), line->until);
    line_view view;
    for (std::size_t i = 0; i < places.size(); ++i) {
        if (records[i].ec == errc::no_node)
            continue;  // went between the two
        if (records[i].ec)
            detail::fail(line, records[i].ec);
        const auto record = detail::parse_contender_record(records[i].data);
        contender c;
        c.node = places[i].name;
        c.sequence = places[i].sequence;
        c.session = records[i].stat.ephemeral_owner;
        c.host = record.host;
        c.pid = record.pid;
        c.label = record.label;
        c.purpose = record.purpose;
        c.since = std::chrono::system_clock::time_point{std::chrono::milliseconds{records[i].stat.ctime}};
        view.push_back(std::move(c));
    }
    co_return view;
}

}  // namespace

awaitable<line_view> mutex::line(deadline until) { return view_of(session_, path_, until); }

}  // namespace turnstile::inline v0

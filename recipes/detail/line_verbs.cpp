#include "line_verbs.hpp"

#include <turnstile/path.hpp>

#include "contender_record.hpp"
#include "owner_registry.hpp"
#include "waiting_line.hpp"

#include <utility>

namespace turnstile::inline v0::detail {

using boost::asio::awaitable;

namespace {

constexpr std::size_t purpose_max = 200;

std::shared_ptr<void> enter(std::vector<line_request>& lines, const acquire_options& how)
{
    auto all = std::make_shared<std::vector<std::shared_ptr<presence>>>();
    for (auto& line : lines)
        all->push_back(enter(line, how));
    return all;
}

line_ptr shared(line_request line) { return std::make_shared<const line_request>(std::move(line)); }

joint_ptr shared(std::vector<line_request> lines)
{
    std::vector<line_ptr> all;
    all.reserve(lines.size());
    for (auto& line : lines)
        all.push_back(shared(std::move(line)));
    return std::make_shared<const std::vector<line_ptr>>(std::move(all));
}

template <class Lines>
awaitable<std::optional<lease>> look_and_take(Lines lines, std::shared_ptr<void> present)
{
    // A read first: who is refused writes nothing, and leaves nothing to clean up.
    const bool room = co_await has_room(lines);
    if (!room)
        co_return std::nullopt;
    co_return co_await take_turn_if_free(lines, present);
}

/// A deadline that has passed asks for a look, and a look needs some time of its own.
deadline time_to_look(const session& s) { return deadline{s.options().operation_timeout}; }

turnstile::access access_of(const place_view& p, const contender_record& record)
{
    if (p.shared || record.downgraded)
        return access::shared;
    return asks_for_permits(p.name) ? access::permits : access::exclusive;
}

}  // namespace

void check_purpose(const std::string& path, const char* verb, const acquire_options& how)
{
    if (how.purpose.size() > purpose_max)
        throw error{errc::bad_argument, verb, path, "purpose: at most 200 bytes"};
}

std::shared_ptr<presence> enter(const session& s, const std::string& path, const char* verb, const acquire_options& how)
{
    auto present = enter_line(s, path, how.owner, how.second_place);
    if (!present)
        throw error{errc::would_deadlock, verb, path, "the same owner holds it or waits for it already"};
    return present;
}

std::shared_ptr<presence> enter(line_request& line, const acquire_options& how)
{
    line.present = enter(line.session, line.name(), line.verb, how);
    return line.present;
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

contender contender_of(const place_view& p, const outcome& node)
{
    const auto record = parse_contender_record(node.data);
    contender c;
    c.node = p.name;
    c.sequence = p.sequence;
    c.access = access_of(p, record);
    c.weight = p.weight;
    c.session = node.stat.ephemeral_owner;
    c.host = record.host;
    c.pid = record.pid;
    c.label = record.label;
    c.purpose = record.purpose;
    c.since = std::chrono::system_clock::time_point{std::chrono::milliseconds{node.stat.ctime}};
    return c;
}

void check_line(const std::string& path, const char* recipe)
{
    if (const auto bad = check_path(path))
        throw error{bad, recipe, path};
    if (path == "/")
        throw error{errc::bad_path, recipe, path, "the root cannot be a line"};
}

line_request request_for(const session& s, const std::string& path, const char* verb, const acquire_options& how)
{
    return request_for(s, path, {}, verb, how);
}

line_request request_for(const session& s, const std::string& directory, const std::string& key, const char* verb,
                         const acquire_options& how)
{
    line_request line{s, directory, verb, key};
    check_purpose(line.name(), verb, how);
    line.record = this_process();
    line.record.label = s.options().label;
    line.record.purpose = how.purpose;
    line.until = how.until;
    return line;
}

awaitable<lease> acquire_in(line_request line, const acquire_options& how)
{
    auto present = enter(line, how);
    return take_turn(shared(std::move(line)), std::move(present));
}

awaitable<std::optional<lease>> try_acquire_in(line_request line, const acquire_options& how)
{
    auto present = enter(line, how);
    return look_and_take(shared(std::move(line)), std::move(present));
}

awaitable<std::optional<lease>> try_acquire_until_in(line_request line, const acquire_options& how)
{
    if (!how.until.passed())
        return unless_timed_out(acquire_in(std::move(line), how));
    line.until = time_to_look(line.session);
    return try_acquire_in(std::move(line), how);
}

awaitable<lease> acquire_in(std::vector<line_request> lines, const acquire_options& how)
{
    auto present = enter(lines, how);
    return take_turn(shared(std::move(lines)), std::move(present));
}

awaitable<std::optional<lease>> try_acquire_in(std::vector<line_request> lines, const acquire_options& how)
{
    auto present = enter(lines, how);
    return look_and_take(shared(std::move(lines)), std::move(present));
}

awaitable<std::optional<lease>> try_acquire_until_in(std::vector<line_request> lines, const acquire_options& how)
{
    if (!how.until.passed())
        return unless_timed_out(acquire_in(std::move(lines), how));
    for (auto& line : lines)
        line.until = time_to_look(line.session);
    return try_acquire_in(std::move(lines), how);
}

awaitable<line_view> view_line(session s, std::string path, deadline until)
{
    line_request request{s, path, "line"};
    request.until = until.is_never() ? deadline{s.options().operation_timeout} : until;
    const auto line = shared(std::move(request));
    const auto children = co_await list_line(line);
    auto places = places_of(line, children);
    co_return co_await std::move(places);
}

awaitable<line_view> places_of(line_ptr line, std::vector<std::string> children)
{
    const auto places = places_in(children, line->key);
    pipeline look;
    for (const auto& p : places)
        look.add(op::get{join_path(line->directory, p.name)});
    const auto nodes = co_await line->session.run(std::move(look), line->until);
    line_view view;
    for (std::size_t i = 0; i < places.size(); ++i) {
        if (nodes[i].ec == errc::no_node)
            continue;  // went between the two
        if (nodes[i].ec)
            fail(*line, nodes[i].ec);
        view.push_back(contender_of(places[i], nodes[i]));
    }
    co_return view;
}

}  // namespace turnstile::inline v0::detail

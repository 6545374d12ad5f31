#include <turnstile/path.hpp>
#include <turnstile/recipes/revocation.hpp>

#include "detail/contender_record.hpp"
#include "detail/forced_record.hpp"
#include "detail/retry.hpp"

#include <algorithm>
#include <atomic>
#include <utility>

namespace turnstile::inline v0 {

using boost::asio::awaitable;

namespace {

constexpr std::size_t reason_max = 200;

void check_reason(const std::string& reason, std::size_t least, const char* verb, const std::string& path)
{
    if (reason.size() < least || reason.size() > reason_max)
        throw error{errc::bad_argument, verb, path, "reason: from " + std::to_string(least) + " to 200 bytes"};
}

void check_place(const std::string& path, const contender& whom, const char* verb)
{
    if (const auto bad = check_path(path))
        throw error{bad, verb, path};
    const bool one_component = !whom.node.empty() && whom.node.find('/') == std::string::npos;
    if (!one_component || check_path("/" + whom.node))
        throw error{errc::bad_argument, verb, path, "not a place: '" + whom.node + "'"};
}

[[noreturn]] void fail(const error_code& ec, const char* verb, const std::string& path)
{
    const bool late = ec == errc::deadline_exceeded || ec == errc::not_connected;
    throw error{late ? error_code{errc::timed_out} : ec, verb, path};
}

detail::contender_record myself(const session& s)
{
    auto me = detail::this_process();
    me.label = s.options().label;
    return me;
}

deadline or_default(const session& s, deadline until)
{
    return until.is_never() ? deadline{s.options().operation_timeout} : until;
}

awaitable<bool> ask(session s, std::string place, std::string reason, deadline until)
{
    while (true) {
        op::get look{place};
        const auto node = co_await s.run(std::move(look), until);
        if (node.ec == errc::no_node)
            co_return false;
        if (node.ec)
            fail(node.ec, "request_release", place);
        auto record = detail::parse_contender_record(node.data);
        record.asked_by = detail::in_words(myself(s));
        record.asked_for = reason;
        // By version: its owner may be writing there as well.
        op::set note{place, detail::to_text(record), node.stat.version};
        const auto written = co_await s.run(std::move(note), until);
        if (written.ok())
            co_return true;
        if (written.ec != errc::bad_version && written.ec != errc::no_node && !detail::worth_another_try(written.ec, until))
            fail(written.ec, "request_release", place);
    }
}

awaitable<release_request> next_request(lease& held, awaitable<std::string> written)
{
    while (true) {
        const auto data = co_await std::move(written);
        written = held.node_written();
        const auto record = detail::parse_contender_record(data);
        if (record.asked_by.empty())
            continue;  // something else was written there
        release_request r;
        r.by = record.asked_by;
        r.reason = record.asked_for;
        co_return r;
    }
}

}  // namespace

awaitable<bool> request_release(session s, std::string path, contender whom, std::string reason, deadline until)
{
    check_place(path, whom, "request_release");
    check_reason(reason, 0, "request_release", path);
    return ask(s, join_path(path, whom.node), std::move(reason), or_default(s, until));
}

awaitable<release_request> release_requested(lease& held) { return next_request(held, held.node_written()); }

// ---- By force

namespace {

/// What makes our record ours, when the answer is lost: the name of the place, which is unique, and a number of this
/// process.
std::string record_name(const session& s, const contender& whom)
{
    static std::atomic<std::uint64_t> last{0};
    return whom.node + "-by-" + std::to_string(static_cast<std::uint64_t>(s.id())) + "." + std::to_string(++last) + "-";
}

/// Whether a record of that name is there, behind a sync.
awaitable<bool> is_recorded(session s, std::string name, deadline until)
{
    pipeline look;
    look.add(op::sync{forced_releases_path}).add(op::children{forced_releases_path});
    const auto answers = co_await s.run(std::move(look), until);
    for (const auto& a : answers)
        if (a.ec && a.ec != errc::no_node)
            fail(a.ec, "force_release", forced_releases_path);
    const auto& all = answers.back().children;
    co_return std::any_of(all.begin(), all.end(), [&](const auto& child) { return child.starts_with(name); });
}

pipeline delete_and_record(const std::string& place, const std::string& record_path, const std::string& text)
{
    std::vector<op::step> both;
    both.emplace_back(op::erase{place});
    both.emplace_back(op::create{record_path, text, create_mode::persistent_sequential});
    pipeline steps;
    for (auto& prefix : path_prefixes(forced_releases_path))
        steps.add(op::create{std::move(prefix)});
    steps.add(op::multi{std::move(both)});
    return steps;
}

awaitable<bool> force(session s, std::string path, contender whom, std::string reason, deadline until)
{
    co_await s.connected(until);
    const auto place = join_path(path, whom.node);
    op::get look{place};
    const auto node = co_await s.run(std::move(look), until);
    if (node.ec == errc::no_node)
        co_return false;
    if (node.ec)
        fail(node.ec, "force_release", place);
    detail::forced_record record;
    record.line = path;
    record.node = whom.node;
    record.holder = detail::in_words(detail::parse_contender_record(node.data));
    record.by = detail::in_words(myself(s));
    record.reason = reason;
    const auto name = record_name(s, whom);
    bool doubted = false;
    while (true) {
        auto steps = delete_and_record(place, join_path(forced_releases_path, name), detail::to_text(record));
        const auto answers = co_await s.run(std::move(steps), until);
        const auto ec = answers.back().ec;
        if (!ec)
            co_return true;
        if (ec == errc::no_node && !doubted)
            co_return false;
        if (ec == errc::no_node)
            co_return co_await is_recorded(s, name, until);
        if (!detail::worth_another_try(ec, until))
            fail(ec, "force_release", place);
        doubted = true;
    }
}

forced_release as_public(const detail::forced_record& r, const stat& made)
{
    forced_release f;
    f.line = r.line;
    f.node = r.node;
    f.holder = r.holder;
    f.by = r.by;
    f.reason = r.reason;
    f.at = std::chrono::system_clock::time_point{std::chrono::milliseconds{made.ctime}};
    return f;
}

awaitable<std::vector<forced_release>> read_records(session s, deadline until)
{
    op::children list{forced_releases_path};
    const auto names = co_await s.run(std::move(list), until);
    if (names.ec && names.ec != errc::no_node)
        fail(names.ec, "forced_releases", forced_releases_path);
    pipeline look;
    for (const auto& name : names.children)
        look.add(op::get{join_path(forced_releases_path, name)});
    std::vector<outcome> nodes;
    if (!look.empty())
        nodes = co_await s.run(std::move(look), until);
    std::sort(nodes.begin(), nodes.end(), [](const auto& a, const auto& b) { return a.stat.czxid < b.stat.czxid; });
    std::vector<forced_release> all;
    for (const auto& node : nodes) {
        if (node.ec == errc::no_node)
            continue;  // deleted between the two
        if (node.ec)
            fail(node.ec, "forced_releases", forced_releases_path);
        all.push_back(as_public(detail::parse_forced_record(node.data), node.stat));
    }
    co_return all;
}

}  // namespace

awaitable<bool> force_release(session s, std::string path, contender whom, std::string reason, deadline until)
{
    check_place(path, whom, "force_release");
    check_reason(reason, 1, "force_release", path);
    return force(s, std::move(path), std::move(whom), std::move(reason), or_default(s, until));
}

awaitable<std::vector<forced_release>> forced_releases(session s, deadline until)
{
    const auto by = or_default(s, until);
    return read_records(std::move(s), by);
}

}  // namespace turnstile::inline v0

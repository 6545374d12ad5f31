#include "waiting_line.hpp"

#include <turnstile/path.hpp>

#include "turn_dialogue.hpp"

#include <algorithm>
#include <atomic>
#include <optional>

namespace turnstile::inline v0::detail {

namespace {

using boost::asio::awaitable;

std::uint64_t next_counter() noexcept
{
    static std::atomic<std::uint64_t> last{0};
    return last.fetch_add(1, std::memory_order_relaxed);
}

/// A recipe never lets a doubt out: the ticket sweeps what may be left, so what remains is only why the call ended.
error_code as_recipe(error_code ec) noexcept
{
    if (ec == errc::deadline_exceeded)
        return errc::timed_out;
    if (ec == errc::closing)
        return errc::session_closed;
    return ec;
}

/// Waits for a connection where there is none; the epoch to stand in. Tickets carry the session's id, so it must be known.
awaitable<epoch> connected_epoch(line_ptr line)
{
    if (line->session.state() != connection_state::connected)
        co_await line->session.connected(line->until);
    co_return line->session.epoch();
}

void add_container_creates(pipeline& p, const std::string& directory)
{
    for (auto end = directory.find('/', 1);; end = directory.find('/', end + 1)) {
        p.add(op::create{directory.substr(0, end), "", create_mode::container});
        if (end == std::string::npos)
            return;
    }
}

/// The directory is still missing: because it cannot be made (trying again would never end), or because it has been reaped
/// since. `answers` begin with those of the containers, from the top; the first refusal is the reason of those that follow.
void fail_unless_made(const line_ptr& line, const std::vector<outcome>& answers)
{
    for (std::size_t i = 0; i + 2 < answers.size(); ++i)
        if (const auto ec = answers[i].ec; ec && ec != errc::node_exists && (ec != errc::no_node || i == 0))
            fail(line, ec);
}

/// What one attempt to stand in the line came to.
enum class attempt_result { stands, directory_missing, not_sent, in_doubt, failed };

attempt_result judge(const outcome& created)
{
    if (created.ok())
        return attempt_result::stands;
    if (created.ec == errc::no_node)
        return attempt_result::directory_missing;
    if (created.ec == errc::not_connected)
        return attempt_result::not_sent;
    if (in_doubt(created.ec) && created.ec != errc::deadline_exceeded && !cancelled(created.ec))
        return attempt_result::in_doubt;
    return attempt_result::failed;
}

/// Our node is certain: remember it, unless its number cannot be trusted.
void accept(const line_ptr& line, ticket& t, std::string_view name, const stat& made)
{
    const auto own = parse_place(name);
    // Sweep by name also what cannot be parsed: it is ours.
    t.stands_as(own.value_or(place{0, std::string{name}}), made.czxid);
    if (!own || own->sequence >= sequence_limit)
        fail(line, errc::sequence_exhausted);
    // Nothing is ever granted on a node of another session than the one whose epoch we watch.
    if (made.ephemeral_owner != t.session_id())
        fail(line, errc::session_expired);
}

/// The create's answer was lost: did it happen? Behind a sync the list is complete, whatever server answers. Returns the
/// line's children, or nothing when our node is not there, and then it never will be.
awaitable<std::optional<std::vector<std::string>>> find_doubted(line_ptr line, ticket& t)
{
    pipeline look;
    look.add(op::sync{line->directory}).add(op::children{line->directory});
    auto answers = co_await line->session.run(std::move(look), line->until, t.in());
    if (answers.front().ec)  // a list that is not behind a sync proves nothing
        fail(line, answers.front().ec);
    auto& list = answers.back();
    if (list.ec == errc::no_node) {
        t.was_never_made();
        co_return std::nullopt;
    }
    if (list.ec)
        fail(line, list.ec);

    std::vector<place> ours;
    for (const auto& child : list.children)
        if (auto p = child.starts_with(t.marker()) ? parse_place(child) : std::nullopt)
            ours.push_back(std::move(*p));
    if (ours.empty()) {
        t.was_never_made();
        co_return std::nullopt;
    }
    std::sort(ours.begin(), ours.end());
    for (auto extra = ours.begin() + 1; extra != ours.end(); ++extra)
        line->session.discard(join_path(line->directory, extra->name), t.in());

    op::get own{join_path(line->directory, ours.front().name)};
    const auto made = co_await line->session.run(std::move(own), line->until, t.in());
    if (made.ec == errc::no_node) {
        t.was_never_made();
        co_return std::nullopt;
    }
    if (made.ec)
        fail(line, made.ec);
    accept(line, t, ours.front().name, made.stat);
    co_return std::move(list.children);
}

awaitable<std::vector<std::string>> children_of(line_ptr line, epoch in)
{
    op::children list{line->directory};
    auto answer = co_await line->session.run(std::move(list), line->until, in);
    if (answer.ec)
        fail(line, answer.ec);
    co_return std::move(answer.children);
}

/// One attempt, in one epoch. Nothing: not executed, try again (`make_directory`: with the directory).
awaitable<std::optional<stood>> try_to_stand(line_ptr line, bool& make_directory)
{
    const auto in = co_await connected_epoch(line);
    ticket t{line, in};
    pipeline p;
    if (make_directory)
        add_container_creates(p, line->directory);
    p.add(op::create{t.path_to_create(), line->data, create_mode::ephemeral_sequential}).add(op::children{line->directory});
    auto answers = co_await line->session.run(std::move(p), line->until, in);
    auto& created = answers[answers.size() - 2];
    auto& list = answers.back();

    switch (judge(created)) {
        case attempt_result::stands: {
            accept(line, t, path_name(created.path), created.stat);
            if (list.ec)
                list.children = co_await children_of(line, in);
            co_return stood{std::move(t), std::move(list.children)};
        }
        case attempt_result::directory_missing:
            t.was_never_made();
            if (make_directory)
                fail_unless_made(line, answers);
            make_directory = true;
            co_return std::nullopt;
        case attempt_result::in_doubt: {
            auto children = co_await find_doubted(line, t);
            if (!children)
                co_return std::nullopt;
            co_return stood{std::move(t), std::move(*children)};
        }
        case attempt_result::not_sent:
            t.was_never_made();
            if (line->until.passed())
                fail(line, created.ec);
            co_return std::nullopt;  // the connection went while the flight was being sent
        case attempt_result::failed:
            break;
    }
    if (user_error(created.ec) || precondition_failed(created.ec))
        t.was_never_made();
    fail(line, created.ec);
}

/// The ZooKeeper session went, and the next one may do better.
bool worth_another_session(const error& e) noexcept { return e.code() == errc::session_expired; }

}  // namespace

void fail(const line_ptr& line, error_code ec) { throw error{as_recipe(ec), line->verb, line->directory}; }

ticket::ticket(line_ptr line, epoch in)
    : line_{std::move(line)},
      in_{in},
      session_id_{line_->session.id()},
      marker_{place_marker(line_->kind, session_id_, next_counter())}
{
}

ticket::ticket(ticket&& other) noexcept = default;

ticket::~ticket()
{
    if (!line_)
        return;
    if (own_.name.empty())
        line_->session.discard_marked(line_->directory, marker_, in_);
    else
        line_->session.discard(path(), in_);
}

void ticket::stands_as(place own, fencing_token token)
{
    own_ = std::move(own);
    token_ = line_->session.options().fence_base + token;
    marker_ = std::string{};
}

lease ticket::redeem(std::shared_ptr<void> keepsake)
{
    const auto line = std::move(line_);
    return line->session.grant(line->directory + "/" + own_.name, token_, in_, std::move(keepsake));
}

awaitable<stood> stand_in(line_ptr line)
{
    bool make_directory = false;
    while (true) {
        std::optional<error> over;
        try {
            if (auto done = co_await try_to_stand(line, make_directory))
                co_return std::move(*done);
        } catch (const error& e) {
            if (!worth_another_session(e))
                throw;
        }
        if (line->until.passed())
            fail(line, errc::timed_out);
    }
}

awaitable<void> wait_turn(line_ptr line, stood& at)
{
    standing us{at.place.own()};
    us.listed(std::exchange(at.children, {}));
    if (us.next() == need::nothing)
        co_return;
    // Whoever waits must be provably alive when its turn comes: a lease that starts with an old proof is lost at once.
    const auto proving = line->session.keep_proving();
    const std::shared_ptr<const std::string> directory{line, &line->directory};
    auto waiting = std::make_shared<turn_dialogue>(directory, std::move(us), deadline{line->session.timeout() / 4});
    if (const auto ec = co_await line->session.converse(std::move(waiting), at.place.in(), line->until))
        fail(line, ec);
}

awaitable<std::vector<std::string>> list_line(line_ptr line)
{
    op::children list{line->directory};
    auto answer = co_await line->session.run(std::move(list), line->until);
    if (answer.ec && answer.ec != errc::no_node)
        fail(line, answer.ec);
    co_return std::move(answer.children);
}

}  // namespace turnstile::inline v0::detail

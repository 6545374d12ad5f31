#include <turnstile/path.hpp>
#include <turnstile/session.hpp>

#include "dialogue_runner.hpp"
#include "holding.hpp"
#include "session_core.hpp"

#include <utility>

namespace turnstile::inline v0 {

namespace detail {

/// What the copies of a session share: when the last one goes, the session is closed.
struct session_handle {
    const std::shared_ptr<session_core> core;

    explicit session_handle(std::shared_ptr<session_core> core_) : core{std::move(core_)} {}
    ~session_handle() { core->close(nullptr); }
    session_handle(const session_handle&) = delete;
    session_handle& operator=(const session_handle&) = delete;
};

}  // namespace detail

namespace {

using waiting = std::shared_ptr<detail::once<error_code>>;
using outcomes = std::vector<outcome>;

constexpr auto tell = [](const waiting& w, error_code why) { w->complete(why); };

boost::asio::awaitable<outcomes> run_flight(std::shared_ptr<detail::session_core> core, std::shared_ptr<detail::flight> f,
                                            deadline until)
{
    using answers = std::shared_ptr<detail::once<outcomes>>;
    auto start = [core, f](answers w) {
        f->done = [w = std::move(w)](outcomes all) { w->complete(std::move(all)); };
        core->submit(f);
    };
    auto give_up = [core, f](const answers&, error_code why) { core->give_up(*f, why); };
    co_return co_await detail::await_once<outcomes>(until, start, give_up);
}

/// Marks the operations that shall leave a watch; false when one of them cannot.
bool mark_watched(std::vector<operation>& operations, const std::vector<std::size_t>& watched)
{
    for (const auto i : watched) {
        auto& o = operations[i];
        if (auto* e = std::get_if<op::exists>(&o))
            e->watch = true;
        else if (auto* g = std::get_if<op::get>(&o))
            g->watch = true;
        else if (auto* c = std::get_if<op::children>(&o))
            c->watch = true;
        else
            return false;
    }
    return true;
}

}  // namespace

session session::open(session_options options)
{
    return session{std::make_shared<detail::session_handle>(detail::session_core::open(std::move(options)))};
}

const std::shared_ptr<detail::session_core>& session::core() const noexcept { return handle_->core; }

connection_state session::state() const { return core()->state(); }

turnstile::epoch session::epoch() const { return core()->current_epoch(); }

std::int64_t session::id() const { return core()->id(); }

std::chrono::milliseconds session::timeout() const { return core()->timeout(); }

const session_options& session::options() const { return core()->options(); }

state_listener session::on_state(boost::asio::any_io_executor executor, std::function<void(connection_state)> f) const
{
    return state_listener{core()->listen(executor, std::move(f))};
}

namespace {

// The verbs are free coroutines on values: an awaitable may outlive the session object that it was asked of.

boost::asio::awaitable<void> wait_connected(std::shared_ptr<detail::session_core> core, deadline until)
{
    auto start = [core](const waiting& w) { core->when_connected(w); };
    auto ec = co_await detail::await_once<error_code>(until, start, tell);
    if (ec == errc::deadline_exceeded)
        ec = errc::not_connected;
    if (ec)
        throw error{ec, "connected", {}};
}

boost::asio::awaitable<outcomes> refused(std::size_t n, errc why) { co_return outcomes(n, outcome{why}); }

boost::asio::awaitable<outcome> only(boost::asio::awaitable<outcomes> flight)
{
    auto answers = co_await std::move(flight);
    co_return std::move(answers.front());
}

/// One operation, the default deadline, and errors as exceptions. `allowed` is an answer, not an error.
boost::asio::awaitable<outcome> answer_to(session s, operation o, deadline until, const watcher* w = nullptr,
                                          error_code allowed = {})
{
    const std::string verb{verb_of(o)};
    const std::string path{path_of(o)};
    if (until.is_never())
        until = deadline{s.options().operation_timeout};
    pipeline p;
    if (w)
        p.add(std::move(o), *w);
    else
        p.add(std::move(o));
    auto answers = co_await s.run(std::move(p), until);
    auto& answer = answers.front();
    if (answer.ec && answer.ec != allowed)
        throw error{answer.ec, verb, path};
    co_return std::move(answer);
}

/// What a verb wants of the answer.
template <class Pick>
auto picked(boost::asio::awaitable<outcome> answer, Pick pick) -> boost::asio::awaitable<decltype(pick(outcome{}))>
{
    co_return pick(co_await std::move(answer));
}

constexpr auto the_node = [](outcome o) { return node{std::move(o.data), o.stat}; };
constexpr auto the_stat = [](const outcome& o) { return o.stat; };
constexpr auto the_children = [](outcome o) { return std::move(o.children); };
constexpr auto stat_if_there = [](const outcome& o) { return o.ok() ? std::optional{o.stat} : std::nullopt; };
constexpr auto nothing = [](const outcome&) {};

boost::asio::awaitable<void> make_containers(session s, std::string path, deadline until)
{
    if (const auto bad = check_path(path))
        throw error{bad, "create_containers", path};
    pipeline creates;
    for (auto& prefix : path_prefixes(path))
        creates.add(op::create{std::move(prefix), "", create_mode::container});
    const auto answers =
        co_await s.run(std::move(creates), until.is_never() ? deadline{s.options().operation_timeout} : until);
    if (!answers.empty() && answers.back().ec && answers.back().ec != errc::node_exists)
        throw error{answers.back().ec, "create_containers", path};
}

boost::asio::awaitable<void> wait_swept(std::shared_ptr<detail::session_core> core, deadline until)
{
    auto start = [core](const waiting& w) { core->sweeping().when_idle(w); };
    if (const auto ec = co_await detail::await_once<error_code>(until, start, tell))
        throw error{ec, "swept", {}};
}

boost::asio::awaitable<void> close_core(std::shared_ptr<detail::session_core> core)
{
    auto start = [core](const waiting& w) { core->close([w] { w->complete({}); }); };
    if (const auto ec = co_await detail::await_once<error_code>(deadline::never(), start, tell))
        throw error{ec, "close", {}};
}

boost::asio::awaitable<error_code> prove_alive(std::shared_ptr<detail::session_core> core, turnstile::epoch in,
                                               deadline until)
{
    auto start = [core, in](const waiting& w) { core->keeping().feed(in, [w](error_code ec) { w->complete(ec); }); };
    co_return co_await detail::await_once<error_code>(until, start, tell);
}

}  // namespace

boost::asio::awaitable<void> session::connected(deadline until) const { return wait_connected(core(), until); }

boost::asio::awaitable<std::vector<outcome>> session::run(pipeline p, deadline until, turnstile::epoch in) const
{
    if (p.empty())
        return refused(0, {});
    if (!mark_watched(p.operations_, p.watched_))
        return refused(p.size(), errc::bad_argument);
    auto f = std::make_shared<detail::flight>(std::move(p.operations_), nullptr);
    f->box = std::move(p.box_);
    f->in = in;
    return run_flight(core(), std::move(f), until);
}

boost::asio::awaitable<outcome> session::run(operation o, deadline until, turnstile::epoch in) const
{
    pipeline p;
    p.add(std::move(o));
    return only(run(std::move(p), until, in));
}

boost::asio::awaitable<created_node> session::create(std::string path, std::string data, create_mode mode, acl access,
                                                     deadline until) const
{
    op::create request{std::move(path), std::move(data), mode, std::move(access)};
    return picked(answer_to(*this, std::move(request), until), [](outcome o) {
        return created_node{std::move(o.path), o.stat};
    });
}

boost::asio::awaitable<void> session::create_containers(std::string path, deadline until) const
{
    return make_containers(*this, std::move(path), until);
}

boost::asio::awaitable<node> session::get(std::string path, deadline until) const
{
    return picked(answer_to(*this, op::get{std::move(path)}, until), the_node);
}

boost::asio::awaitable<node> session::get(std::string path, const watcher& w, deadline until) const
{
    return picked(answer_to(*this, op::get{std::move(path)}, until, &w), the_node);
}

boost::asio::awaitable<stat> session::set(std::string path, std::string data, std::int32_t version, deadline until) const
{
    return picked(answer_to(*this, op::set{std::move(path), std::move(data), version}, until), the_stat);
}

boost::asio::awaitable<void> session::erase(std::string path, std::int32_t version, deadline until) const
{
    return picked(answer_to(*this, op::erase{std::move(path), version}, until), nothing);
}

boost::asio::awaitable<std::optional<stat>> session::exists(std::string path, deadline until) const
{
    return picked(answer_to(*this, op::exists{std::move(path)}, until, nullptr, errc::no_node), stat_if_there);
}

boost::asio::awaitable<std::optional<stat>> session::exists(std::string path, const watcher& w, deadline until) const
{
    return picked(answer_to(*this, op::exists{std::move(path)}, until, &w, errc::no_node), stat_if_there);
}

boost::asio::awaitable<std::vector<std::string>> session::children(std::string path, deadline until) const
{
    return picked(answer_to(*this, op::children{std::move(path)}, until), the_children);
}

boost::asio::awaitable<std::vector<std::string>> session::children(std::string path, const watcher& w, deadline until) const
{
    return picked(answer_to(*this, op::children{std::move(path)}, until, &w), the_children);
}

boost::asio::awaitable<void> session::sync(std::string path, deadline until) const
{
    return picked(answer_to(*this, op::sync{std::move(path)}, until), nothing);
}

boost::asio::awaitable<std::vector<step_result>> session::commit(transaction t, deadline until) const
{
    return picked(answer_to(*this, op::multi{std::move(t).release()}, until), [](outcome o) { return std::move(o.steps); });
}

boost::asio::awaitable<std::vector<acl_entry>> session::get_acl(std::string path, deadline until) const
{
    return picked(answer_to(*this, op::get_acl{std::move(path)}, until), [](outcome o) { return std::move(o.access); });
}

boost::asio::awaitable<stat> session::set_acl(std::string path, acl access, std::int32_t version, deadline until) const
{
    return picked(answer_to(*this, op::set_acl{std::move(path), std::move(access), version}, until), the_stat);
}

boost::asio::awaitable<std::string> session::config(deadline until) const
{
    return picked(answer_to(*this, op::config{}, until), [](outcome o) { return std::move(o.data); });
}

void session::discard(std::string path, turnstile::epoch in) const noexcept
{
    core()->sweeping().erase(in, std::move(path));
}

void session::discard_marked(std::string directory, std::string marker, turnstile::epoch in) const noexcept
{
    core()->sweeping().erase_marked(in, std::move(directory), std::move(marker));
}

std::shared_ptr<void> session::keep_proving() const { return core()->keeping().keep_proving(); }

bool session::proven(turnstile::epoch in) const
{
    const auto clock = core()->clock_of(in);
    return clock && clock->good();
}

boost::asio::awaitable<error_code> session::prove(turnstile::epoch in, deadline until) const
{
    return prove_alive(core(), in, until);
}

boost::asio::awaitable<error_code> session::converse(std::shared_ptr<dialogue> machine, turnstile::epoch in,
                                                     deadline until) const
{
    auto runner = std::make_shared<detail::dialogue_runner>(core(), std::move(machine), in);
    auto give_up = [runner](const waiting&, error_code why) { runner->give_up(why); };
    auto start = [runner = std::move(runner)](waiting w) { runner->start(std::move(w)); };
    return detail::await_once<error_code>(until, std::move(start), std::move(give_up));
}

lease session::grant(std::string path, fencing_token token, turnstile::epoch in, std::shared_ptr<void> keepsake,
                     bool together) const
{
    std::vector<std::string> one;
    one.push_back(std::move(path));
    return grant(std::move(one), token, in, std::move(keepsake), together);
}

lease session::grant(std::vector<std::string> paths, fencing_token token, turnstile::epoch in,
                     std::shared_ptr<void> keepsake, bool together) const
{
    auto clock = core()->clock_of(in);
    if (!clock) {  // that session is over already, and the next one has begun
        clock = std::make_shared<detail::session_clock>(core()->timeout());
        clock->end();
    }
    auto h = std::make_shared<detail::holding>(*this, std::move(paths), in, token, std::move(clock), std::move(keepsake),
                                               together);
    core()->keeping().add(h);
    return lease{std::move(h)};
}

boost::asio::awaitable<void> session::swept(deadline until) const { return wait_swept(core(), until); }

boost::asio::awaitable<void> session::close() const { return close_core(core()); }

}  // namespace turnstile::inline v0

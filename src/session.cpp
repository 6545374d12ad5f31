#include <turnstile/path.hpp>
#include <turnstile/session.hpp>

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
    auto start = [&core, &f](answers w) {
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

const std::shared_ptr<detail::session_core>& session::core() const noexcept
{
    return handle_->core;
}

connection_state session::state() const
{
    return core()->state();
}

turnstile::epoch session::epoch() const
{
    return core()->current_epoch();
}

std::int64_t session::id() const
{
    return core()->id();
}

std::chrono::milliseconds session::timeout() const
{
    return core()->timeout();
}

const session_options& session::options() const
{
    return core()->options();
}

state_listener session::on_state(boost::asio::any_io_executor executor, std::function<void(connection_state)> f)
{
    return state_listener{core()->listen(std::move(executor), std::move(f))};
}

boost::asio::awaitable<void> session::connected(deadline until)
{
    const auto core = this->core();
    auto start = [core](const waiting& w) { core->when_connected(w); };
    auto ec = co_await detail::await_once<error_code>(until, start, tell);
    if (ec == errc::deadline_exceeded)
        ec = errc::not_connected;
    if (ec)
        throw error{ec, "connected", {}};
}

boost::asio::awaitable<std::vector<outcome>> session::run(pipeline p, deadline until, turnstile::epoch in)
{
    const auto core = this->core();
    if (p.empty())
        co_return outcomes{};
    const bool can_watch = mark_watched(p.operations_, p.watched_);
    auto f = std::make_shared<detail::flight>(std::move(p.operations_), nullptr);
    if (!can_watch)
        co_return outcomes(f->operations.size(), outcome{errc::bad_argument});
    f->box = std::move(p.box_);
    f->in = in;
    co_return co_await run_flight(core, std::move(f), until);
}

boost::asio::awaitable<outcome> session::run(operation o, deadline until, turnstile::epoch in)
{
    const auto core = this->core();
    std::vector<operation> one;
    one.push_back(std::move(o));
    auto f = std::make_shared<detail::flight>(std::move(one), nullptr);
    f->in = in;
    auto answers = co_await run_flight(core, std::move(f), until);
    co_return std::move(answers.front());
}

namespace {

/// The typed operations: one operation, the default deadline, and errors as exceptions. `allowed` is an answer, not an error.
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

}  // namespace

boost::asio::awaitable<created_node> session::create(std::string path, std::string data, create_mode mode, acl access, deadline until)
{
    op::create request{std::move(path), std::move(data), mode, std::move(access)};
    auto answer = co_await answer_to(*this, std::move(request), until);
    co_return created_node{std::move(answer.path), answer.stat};
}

boost::asio::awaitable<void> session::create_containers(std::string path, deadline until)
{
    auto self = *this;
    if (until.is_never())
        until = deadline{options().operation_timeout};
    if (const auto bad = check_path(path))
        throw error{bad, "create_containers", path};
    pipeline creates;
    for (auto end = path.find('/', 1); path != "/"; end = path.find('/', end + 1)) {
        creates.add(op::create{path.substr(0, end), "", create_mode::container});
        if (end == std::string::npos)
            break;
    }
    const auto answers = co_await self.run(std::move(creates), until);
    if (answers.empty())
        co_return;
    const auto& last = answers.back();
    if (last.ec && last.ec != errc::node_exists)
        throw error{last.ec, "create_containers", path};
}

boost::asio::awaitable<node> session::get(std::string path, deadline until)
{
    op::get request{std::move(path)};
    auto answer = co_await answer_to(*this, std::move(request), until);
    co_return node{std::move(answer.data), answer.stat};
}

boost::asio::awaitable<node> session::get(std::string path, const watcher& w, deadline until)
{
    op::get request{std::move(path), true};
    auto answer = co_await answer_to(*this, std::move(request), until, &w);
    co_return node{std::move(answer.data), answer.stat};
}

boost::asio::awaitable<stat> session::set(std::string path, std::string data, std::int32_t version, deadline until)
{
    op::set request{std::move(path), std::move(data), version};
    const auto answer = co_await answer_to(*this, std::move(request), until);
    co_return answer.stat;
}

boost::asio::awaitable<void> session::erase(std::string path, std::int32_t version, deadline until)
{
    op::erase request{std::move(path), version};
    co_await answer_to(*this, std::move(request), until);
}

boost::asio::awaitable<std::optional<stat>> session::exists(std::string path, deadline until)
{
    op::exists request{std::move(path)};
    const auto answer = co_await answer_to(*this, std::move(request), until, nullptr, errc::no_node);
    co_return answer.ok() ? std::optional{answer.stat} : std::nullopt;
}

boost::asio::awaitable<std::optional<stat>> session::exists(std::string path, const watcher& w, deadline until)
{
    op::exists request{std::move(path), true};
    const auto answer = co_await answer_to(*this, std::move(request), until, &w, errc::no_node);
    co_return answer.ok() ? std::optional{answer.stat} : std::nullopt;
}

boost::asio::awaitable<std::vector<std::string>> session::children(std::string path, deadline until)
{
    op::children request{std::move(path)};
    auto answer = co_await answer_to(*this, std::move(request), until);
    co_return std::move(answer.children);
}

boost::asio::awaitable<std::vector<std::string>> session::children(std::string path, const watcher& w, deadline until)
{
    op::children request{std::move(path), true};
    auto answer = co_await answer_to(*this, std::move(request), until, &w);
    co_return std::move(answer.children);
}

boost::asio::awaitable<void> session::sync(std::string path, deadline until)
{
    op::sync request{std::move(path)};
    co_await answer_to(*this, std::move(request), until);
}

boost::asio::awaitable<std::vector<step_result>> session::commit(transaction t, deadline until)
{
    op::multi request{std::move(t).release()};
    auto answer = co_await answer_to(*this, std::move(request), until);
    co_return std::move(answer.steps);
}

boost::asio::awaitable<std::vector<acl_entry>> session::get_acl(std::string path, deadline until)
{
    op::get_acl request{std::move(path)};
    auto answer = co_await answer_to(*this, std::move(request), until);
    co_return std::move(answer.access);
}

boost::asio::awaitable<stat> session::set_acl(std::string path, acl access, std::int32_t version, deadline until)
{
    op::set_acl request{std::move(path), std::move(access), version};
    const auto answer = co_await answer_to(*this, std::move(request), until);
    co_return answer.stat;
}

boost::asio::awaitable<std::string> session::config(deadline until)
{
    op::config request;
    auto answer = co_await answer_to(*this, std::move(request), until);
    co_return std::move(answer.data);
}

boost::asio::awaitable<void> session::swept(deadline until)
{
    const auto core = this->core();
    auto start = [core](const waiting& w) { core->sweeping().when_idle(w); };
    const auto ec = co_await detail::await_once<error_code>(until, start, tell);
    if (ec)
        throw error{ec, "swept", {}};
}

boost::asio::awaitable<void> session::close()
{
    const auto core = this->core();
    auto start = [core](const waiting& w) { core->close([w] { w->complete({}); }); };
    const auto ec = co_await detail::await_once<error_code>(deadline::never(), start, tell);
    if (ec)
        throw error{ec, "close", {}};
}

}  // namespace turnstile::inline v0

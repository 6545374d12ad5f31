#include "session_core.hpp"

#include <turnstile/path.hpp>

#include "fork_guard.hpp"

#include <spdlog/sinks/null_sink.h>
#include <spdlog/spdlog.h>

#include <boost/asio/post.hpp>
#include <boost/container/small_vector.hpp>

#include <algorithm>
#include <random>

#include <string.h>

namespace turnstile::inline v0::detail {

using namespace std::chrono_literals;

namespace {

/// How long a planned close waits for answers that are on their way: libzookeeper loses some that arrive while it closes.
constexpr auto quiescence_max = 300ms;

std::chrono::milliseconds jittered(std::chrono::milliseconds delay)
{
    thread_local std::minstd_rand random{std::random_device{}()};
    std::uniform_real_distribution<double> factor{0.5, 1.0};
    return std::chrono::milliseconds{static_cast<std::int64_t>(static_cast<double>(delay.count()) * factor(random))};
}

session_options completed(session_options o)
{
    if (!o.log)
        o.log = std::make_shared<spdlog::logger>("turnstile", std::make_shared<spdlog::sinks::null_sink_mt>());
    if (!o.transport)
        o.transport = c_transport();
    if (o.default_acl.is_session_default()) {
        if (o.digest.empty())
            SPDLOG_LOGGER_WARN(o.log, "no credentials and no ACL given: nodes are created open to anybody (world:anyone)");
        o.default_acl = o.digest.empty() ? acl::world_anyone() : acl::creator_all();
    }
    o.retry_delay_min = std::max(o.retry_delay_min, 1ms);
    o.retry_delay_max = std::max(o.retry_delay_max, o.retry_delay_min);
    return o;
}

void check_options(const session_options& o)
{
    const auto refuse = [](errc why, std::string_view field, std::string_view limit) {
        throw error{why, "session::open", field, limit};
    };
    if (o.servers.empty())
        refuse(errc::bad_argument, "servers", "empty");
    if (o.servers.find('/') != std::string::npos)
        refuse(errc::bad_argument, "servers", "a path is given by session_options::root");
    if (check_path(o.root))
        refuse(errc::bad_path, o.root, "session_options::root");
    if (check_path(o.members))
        refuse(errc::bad_path, o.members, "session_options::members");
    if (o.session_timeout < 20ms || o.session_timeout > 24h)
        refuse(errc::bad_argument, "session_timeout", "20 ms to 24 h");
    if (o.operation_timeout <= 0ms)
        refuse(errc::bad_argument, "operation_timeout", "more than 0");
    if (o.label.size() > 200)
        refuse(errc::bad_argument, "label", "at most 200 bytes");
    if (!o.digest.empty() && o.digest.find(':') == std::string::npos)
        refuse(errc::bad_argument, "digest", "user:password");
    if (o.in_flight_max == 0 || o.in_flight_max > 32'768)
        refuse(errc::bad_argument, "in_flight_max", "1 to 32768");
}

std::size_t ephemeral_bytes_of(const op::create& o) noexcept
{
    return is_ephemeral(o.mode) ? o.path.size() + (is_sequential(o.mode) ? 10 : 0) : 0;
}

std::size_t ephemeral_bytes_of(const operation& o) noexcept
{
    if (const auto* c = std::get_if<op::create>(&o))
        return ephemeral_bytes_of(*c);
    std::size_t bytes = 0;
    if (const auto* m = std::get_if<op::multi>(&o))
        for (const auto& s : m->steps)
            if (const auto* c = std::get_if<op::create>(&s))
                bytes += ephemeral_bytes_of(*c);
    return bytes;
}

/// What an operation would create, watch and carry; asked before anything is sent.
class admission {
public:
    error_code ec;
    std::size_t watch_bytes = 0;
    std::size_t ephemeral_bytes = 0;

    explicit admission(std::size_t payload_max) : payload_max_{payload_max} {}

    void operator()(const op::create& o)
    {
        path(o.path, is_sequential(o.mode));
        payload(o.data.size());
        ephemeral_bytes += ephemeral_bytes_of(o);
        if (in_multi_ && o.mode == create_mode::container)
            fail(errc::bad_argument);
    }
    void operator()(const op::set& o)
    {
        path(o.path);
        payload(o.data.size());
    }
    void operator()(const op::exists& o) { watching(o); }
    void operator()(const op::get& o) { watching(o); }
    void operator()(const op::children& o) { watching(o); }
    void operator()(const op::config&) {}
    void operator()(const op::multi& o)
    {
        if (o.steps.empty())
            fail(errc::bad_argument);
        in_multi_ = true;
        bytes_ = o.steps.size() * step_overhead;
        for (const auto& s : o.steps)
            std::visit(*this, s);
        payload(0);
        in_multi_ = false;
    }
    template <class Op>
    void operator()(const Op& o)
    {
        path(o.path);
    }

private:
    template <class Op>
    void watching(const Op& o)
    {
        path(o.path);
        if (o.watch)
            watch_bytes += o.path.size();
    }
    void path(std::string_view p, bool sequential = false)
    {
        if (const auto bad = check_path(p, sequential))
            fail(bad);
        bytes_ += p.size();
    }
    /// Of the whole packet: the steps of a transaction travel together.
    void payload(std::size_t n)
    {
        bytes_ = (in_multi_ ? bytes_ : 0) + n;
        if (bytes_ > payload_max_)
            fail(errc::too_large);
    }
    void fail(error_code why)
    {
        if (!ec)
            ec = why;
    }

    /// Headers, lengths, version and a short ACL of one step.
    static constexpr std::size_t step_overhead = 64;

    const std::size_t payload_max_;
    std::size_t bytes_ = 0;
    bool in_multi_ = false;
};

const std::string* watched_path(const operation& o) noexcept
{
    if (const auto* e = std::get_if<op::exists>(&o))
        return e->watch ? &e->path : nullptr;
    if (const auto* g = std::get_if<op::get>(&o))
        return g->watch ? &g->path : nullptr;
    if (const auto* c = std::get_if<op::children>(&o))
        return c->watch ? &c->path : nullptr;
    return nullptr;
}

/// Ephemerals that came and went with one acknowledged operation.
void book(ephemeral_ledger& ledger, const operation& o, const outcome& answer)
{
    if (const auto* c = std::get_if<op::create>(&o); c && answer.ok() && is_ephemeral(c->mode))
        ledger.add(answer.path);
    if (const auto* e = std::get_if<op::erase>(&o); e && (answer.ok() || answer.ec == errc::no_node))
        ledger.remove(e->path);
    const auto* m = std::get_if<op::multi>(&o);
    if (!m || !answer.ok())
        return;
    for (std::size_t i = 0; i < m->steps.size() && i < answer.steps.size(); ++i) {
        if (const auto* c = std::get_if<op::create>(&m->steps[i]); c && is_ephemeral(c->mode))
            ledger.add(answer.steps[i].path);
        if (const auto* e = std::get_if<op::erase>(&m->steps[i]))
            ledger.remove(e->path);
    }
}

}  // namespace

/// Holds the core's mutex; runs afterwards what must not run under it.
class session_core::guarded {
public:
    explicit guarded(const session_core& core) : lock_{core.mutex_} {}
    ~guarded()
    {
        lock_.unlock();
        for (auto& f : after_)
            f();
    }
    guarded(const guarded&) = delete;
    guarded& operator=(const guarded&) = delete;

    void after(unique_function<void()> f) { after_.push_back(std::move(f)); }

private:
    std::unique_lock<std::mutex> lock_;
    boost::container::small_vector<unique_function<void()>, 3> after_;
};

struct session_core::listener {
    boost::asio::strand<boost::asio::any_io_executor> executor;
    std::function<void(connection_state)> f;
    std::atomic<bool> listening{true};
    std::mutex mutex;
    // Guarded by mutex. Filled under the core's mutex: in the order of the transitions, whoever comes to post them first.
    std::deque<connection_state> to_tell;

    listener(boost::asio::any_io_executor e, std::function<void(connection_state)> f_)
        : executor{boost::asio::make_strand(std::move(e))}, f{std::move(f_)}
    {
    }

    void note(connection_state s)
    {
        const std::lock_guard lock{mutex};
        to_tell.push_back(s);
    }
    void tell_next()
    {
        connection_state s{};
        {
            const std::lock_guard lock{mutex};
            s = to_tell.front();
            to_tell.pop_front();
        }
        if (listening)
            f(s);
    }
};

/// Carries one client's events to the core, with the number of that client.
class client_link final : public client_events {
public:
    client_link(std::weak_ptr<session_core> core, std::uint64_t number) : core_{std::move(core)}, number_{number} {}

    void on_connected(const session_identity& identity, std::chrono::milliseconds timeout) override
    {
        if (auto core = core_.lock())
            core->client_connected(number_, identity, timeout);
    }
    void on_disconnected() override { pass(connection_event::disconnected); }
    void on_expired() override { pass(connection_event::expired); }
    void on_auth_failed() override { pass(connection_event::auth_failed); }
    void on_watch(watch_event_type type, const std::string& path) override
    {
        if (auto core = core_.lock())
            core->client_watch(number_, type, path);
    }

private:
    void pass(connection_event e)
    {
        if (auto core = core_.lock())
            core->client_event(number_, e);
    }

    const std::weak_ptr<session_core> core_;
    const std::uint64_t number_;
};

std::shared_ptr<session_core> session_core::open(session_options options)
{
    check_options(options);
    auto core = std::make_shared<session_core>(completed(std::move(options)));
    guarded g{*core};
    core->open_client(g);
    return core;
}

session_core::session_core(session_options options)
    : options_{std::move(options)},
      transport_{options_.transport},
      fork_generation_{fork_generation()},
      watches_{options_.watch_bytes_max},
      ephemerals_{options_.ephemeral_bytes_max},
      retry_delay_{options_.retry_delay_min},
      keeper_{*this},
      sweeper_{*this}
{
}

session_core::~session_core()
{
    ::explicit_bzero(options_.digest.data(), options_.digest.size());
    ::explicit_bzero(identity_.password.data(), identity_.password.size());
}

// ---- The connection's life --------------------------------------------------------------------------------------

void session_core::client_connected(std::uint64_t number, const session_identity& identity,
                                    std::chrono::milliseconds timeout)
{
    guarded g{*this};
    if (number != client_number_)
        return;
    const bool same = !epoch_over_ && identity.id == identity_.id;
    identity_ = identity;
    timeout_ = timeout;
    if (same) {
        clock_->granted(timeout);
        g.after([self = shared_from_this()] { self->keeper_.timeout_changed(); });
    }
    apply(g, same ? connection_event::connected_same : connection_event::connected_anew);
}

void session_core::client_event(std::uint64_t number, connection_event e)
{
    guarded g{*this};
    if (number == client_number_)
        apply(g, e);
}

void session_core::apply(guarded& g, connection_event e)
{
    const auto before = state_;
    const auto [after, act] = next(state_, e);
    state_ = after;
    client_refuses_ = false;
    if (after == connection_state::connected) {
        retry_delay_ = options_.retry_delay_min;
        ++stale_generation_;
    }
    if (act.end_epoch)
        end_epoch(g);
    if (act.fail_queued)
        fail_queued(g);
    if (act.retire_client)
        retire_client(g);
    if (act.begin_epoch)
        begin_epoch(g);
    if (act.open_client)
        open_client(g);
    if (act.arm_retry) {
        arm(retry_generation_, jittered(retry_delay_), connection_event::retry_due);
        retry_delay_ = std::min(retry_delay_ * 2, options_.retry_delay_max);
    }
    if (act.arm_stale)
        arm(stale_generation_, stale_after(), connection_event::stale);
    if (after != before)
        announce(g);
    if (act.flush)
        pump(g);
}

/// A session that has been cut off for three timeouts is over wherever a majority is up; and where none is, the servers'
/// addresses may have changed, which only a new client finds out.
std::chrono::milliseconds session_core::stale_after() const
{
    const auto granted = timeout_ > 0ms ? timeout_ : options_.session_timeout;
    return state_ == connection_state::suspended ? 3 * granted : std::max<std::chrono::milliseconds>(granted, 2s);
}

void session_core::begin_epoch(guarded& g)
{
    epoch_ = turnstile::epoch{static_cast<std::uint32_t>(epoch_) + 1};
    epoch_over_ = false;
    clock_ = std::make_shared<session_clock>(timeout_);
    g.after([self = shared_from_this()] { self->keeper_.timeout_changed(); });
    if (options_.root != "/")
        make_root();
}

/// Ahead of everything that lies under it. That it exists is an answer as good as any.
void session_core::make_root()
{
    std::vector<operation> creates;
    for (auto end = options_.root.find('/', 1);; end = options_.root.find('/', end + 1)) {
        creates.emplace_back(op::create{options_.root.substr(0, end), "", create_mode::persistent, options_.default_acl});
        if (end == std::string::npos)
            break;
    }
    auto made = [weak = weak_from_this(), in = epoch_](const std::vector<outcome>& answers) {
        if (const auto core = weak.lock())
            core->root_made(in, answers.back().ec);
    };
    auto f = std::make_shared<flight>(std::move(creates), std::move(made));
    f->in = epoch_;
    f->stage = flight_stage::queued;
    queued_.push_front(std::move(f));
    ++queued_count_;
}

void session_core::root_made(turnstile::epoch in, const error_code& ec)
{
    if (!in_doubt(ec) && ec != errc::not_connected) {
        if (ec && ec != errc::node_exists && !session_over(ec))
            SPDLOG_LOGGER_ERROR(options_.log, "cannot make the root {}: {}", options_.root, ec.message());
        return;
    }
    guarded g{*this};
    if (in != epoch_ || epoch_over_)
        return;
    make_root();
    pump(g);
}

void session_core::end_epoch(guarded& g)
{
    if (epoch_over_)
        return;
    const auto ended = epoch_;
    epoch_over_ = true;
    identity_ = {};
    clock_->end();
    ephemerals_.clear();
    const error_code why = reason_when_over();

    for (const auto& box : watches_.clear()) {
        box->over = why;
        if (box->notify)
            g.after(std::move(box->notify));
    }
    if (state_ != connection_state::closed)  // a planned close waits for the answers that are on their way
        ground(g);
    for (const auto& f : queued_)
        if (f->stage == flight_stage::queued && f->in == ended) {
            f->answer_rest(why);
            land(g, *f);
        }
    g.after([self = shared_from_this(), ended] { self->keeper_.lose_all(ended); });
}

/// Answers what was sent: the client's own answers may take seconds, or never come.
void session_core::ground(guarded& g)
{
    std::vector<std::shared_ptr<flight>> aloft;
    for (auto& f : aloft_)
        aloft.push_back(f.shared_from_this());
    for (const auto& f : aloft) {
        if (f->repeatable && f->in == epoch::none && !gives_nothing_more()) {
            requeue(f);
            continue;
        }
        const bool closing = state_ == connection_state::closed;
        f->answer_rest(closing ? errc::closing : f->in == epoch::none ? errc::connection_loss : errc::session_expired);
        land(g, *f);
    }
}

void session_core::fail_queued(guarded& g)
{
    for (const auto& f : std::exchange(queued_, {}))
        if (f->stage == flight_stage::queued) {
            f->answer_rest(reason_when_over());
            land(g, *f);
        }
    for (auto& w : std::exchange(connected_waiters_, {}))
        g.after([w = std::move(w), why = reason_when_over()] { w->complete(why); });
}

error_code session_core::reason_when_over() const
{
    switch (state_) {
        case connection_state::closed:
            return errc::session_closed;
        case connection_state::auth_failed:
            return errc::auth_failed;
        default:
            return errc::session_expired;
    }
}

bool session_core::gives_nothing_more() const
{
    return state_ == connection_state::closed || state_ == connection_state::auth_failed;
}

void session_core::retire_client(guarded& g)
{
    const bool answers_may_come = in_flight_ != 0 && state_ == connection_state::closed && client_;
    if (!answers_may_come) {
        let_go(g);
        return;
    }
    let_go_when_idle_ = true;
    backstage::get().at(backstage::clock::now() + quiescence_max, [self = shared_from_this()] {
        guarded late{*self};
        self->let_go(late);
    });
}

void session_core::let_go(guarded& g)
{
    let_go_when_idle_ = false;
    ++client_number_;  // whatever it still tells is not for us
    if (state_ == connection_state::closed)
        ground(g);
    if (!client_)
        return;
    g.after([gone = std::exchange(client_, nullptr), self = shared_from_this()]() mutable {
        gone->close(true, [self = std::move(self)] { self->client_closed(); });
    });
}

void session_core::open_client(guarded& g)
{
    client_settings settings;
    settings.servers = options_.servers;
    settings.session_timeout = options_.session_timeout;
    settings.log = options_.log;
    if (!options_.digest.empty()) {
        settings.auth_scheme = "digest";
        settings.auth_secret = options_.digest;
    }
    const auto number = ++client_number_;
    ++clients_alive_;
    // Its events may come before open() has returned.
    g.after([self = shared_from_this(), number, settings = std::move(settings)]() mutable {
        auto fresh = self->transport_->open(std::move(settings), std::make_shared<client_link>(self, number));
        guarded later{*self};
        if (number != self->client_number_) {
            later.after([fresh, self] { fresh->close(true, [self] { self->client_closed(); }); });
            return;
        }
        self->client_ = std::move(fresh);
        self->pump(later);
    });
}

void session_core::client_closed()
{
    guarded g{*this};
    if (--clients_alive_ != 0)
        return;
    for (auto& w : std::exchange(closed_waiters_, {}))
        g.after(std::move(w));
}

void session_core::arm(std::uint64_t& generation, std::chrono::milliseconds delay, connection_event e)
{
    const auto current = ++generation;
    backstage::get().at(backstage::clock::now() + delay, [weak = weak_from_this(), &generation, current, e] {
        auto self = weak.lock();
        if (!self)
            return;
        guarded g{*self};
        if (generation == current)
            self->apply(g, e);
    });
}

void session_core::announce(guarded& g)
{
    SPDLOG_LOGGER_INFO(options_.log, "session {} epoch {} is {}", identity_.id, static_cast<std::uint32_t>(epoch_),
                       to_string(state_));
    for (const auto& weak : listeners_)
        if (auto l = weak.lock()) {
            l->note(state_);
            g.after([l] { boost::asio::post(l->executor, [l] { l->tell_next(); }); });
        }
    std::erase_if(listeners_, [](const auto& weak) { return weak.expired(); });
    if (state_ == connection_state::connected)
        for (auto& w : std::exchange(connected_waiters_, {}))
            g.after([w = std::move(w)] { w->complete({}); });
}

bool session_core::forked() const noexcept { return fork_generation() != fork_generation_; }

void session_core::close(unique_function<void()> closed)
{
    if (forked()) {  // closing the handle would end the parent's session
        if (closed)
            closed();
        return;
    }
    guarded g{*this};
    if (closed)
        closed_waiters_.push_back(std::move(closed));
    if (state_ != connection_state::closed)
        apply(g, connection_event::close_requested);
    if (clients_alive_ == 0)
        for (auto& w : std::exchange(closed_waiters_, {}))
            g.after(std::move(w));
}

// ---- Operations -------------------------------------------------------------------------------------------------

void session_core::fly(std::vector<operation> operations, turnstile::epoch in,
                       unique_function<void(std::vector<outcome>)> done, std::shared_ptr<mailbox> box)
{
    auto f = std::make_shared<flight>(std::move(operations), std::move(done));
    f->in = in;
    f->box = std::move(box);
    f->errand = true;
    submit(std::move(f));
}

void session_core::submit(std::shared_ptr<flight> f)
{
    if (forked()) {  // a thread that this process does not have may hold the mutex
        f->answer_rest(errc::forked);
        f->done(std::move(f->answers));
        return;
    }
    prepare(*f);
    guarded g{*this};
    if (const auto refused = admit(*f)) {
        f->answer_rest(refused);
        land(g, *f);
        return;
    }
    requeue(f);
    pump(g);
}

/// Fills in what the caller left to the session.
void session_core::prepare(flight& f) const
{
    const auto whole = [this](std::string& path) {
        if (options_.root != "/")
            path = rooted(path);
    };
    const auto complete = [&](auto& o) {
        using Op = std::decay_t<decltype(o)>;
        if constexpr (std::is_same_v<Op, op::create>) {
            if (o.access.is_session_default())
                o.access = options_.default_acl;
            if (is_sequential(o.mode) && o.path == "/" && options_.root != "/") {
                o.path = options_.root + "/";  // the number is a child of the root, not the end of the root's name
                return;
            }
        }
        if constexpr (std::is_same_v<Op, op::multi> || std::is_same_v<Op, op::config>)
            return;
        else
            whole(o.path);
    };
    for (auto& o : f.operations) {
        std::visit(complete, o);
        if (auto* m = std::get_if<op::multi>(&o))
            for (auto& s : m->steps)
                std::visit(complete, s);
    }
}

error_code session_core::admit(flight& f) const
{
    admission a{options_.payload_max};
    for (const auto& o : f.operations)
        std::visit(a, o);
    if (a.ec)
        return a.ec;
    if (gives_nothing_more())
        return reason_when_over();
    if (f.in != epoch::none && (f.in != epoch_ || epoch_over_))
        return errc::session_expired;
    if (f.box && f.box->over)
        return f.box->over;
    f.watch_bytes = a.watch_bytes;
    f.ephemeral_bytes = a.ephemeral_bytes;
    if (const auto refused = over_limit(f))
        return refused;
    if (queued_count_ >= options_.queued_max && !f.errand)
        return errc::too_many_operations;
    return {};
}

error_code session_core::over_limit(const flight& f) const
{
    if (f.watch_bytes != 0 && !watches_.has_room(f.watch_bytes))
        return errc::too_many_watches;
    if (f.ephemeral_bytes != 0 && !ephemerals_.has_room(f.ephemeral_bytes))
        return errc::too_many_ephemerals;
    return {};
}

void session_core::requeue(const std::shared_ptr<flight>& f)
{
    if (f->is_linked())
        f->unlink();
    f->expect_answers();
    f->stage = flight_stage::queued;
    queued_.push_back(f);
    ++queued_count_;
}

void session_core::pump(guarded& g)
{
    while (!queued_.empty()) {
        const auto f = queued_.front();
        if (f->stage != flight_stage::queued) {
            queued_.pop_front();
            continue;
        }
        const bool open = state_ == connection_state::connected && client_ && !client_refuses_;
        // A flight that is larger than the limit goes alone.
        const bool room = in_flight_ == 0 || in_flight_ + f->operations.size() <= options_.in_flight_max;
        if (!open || !room)
            return;
        if (const auto refused = over_limit(*f)) {  // others, that stood ahead, have used the room up since
            f->answer_rest(refused);
            land(g, *f);
            continue;
        }
        if (!send(g, f))
            return;
    }
}

/// False: the client is not connected any more, and the flight stays where it is.
bool session_core::send(guarded& g, const std::shared_ptr<flight>& f)
{
    f->core = shared_from_this();
    f->sent = boot_clock::now();
    for (std::size_t i = 0; i < f->operations.size(); ++i) {
        const auto& o = f->operations[i];
        completion answer = [f, attempt = f->attempt, index = static_cast<std::uint32_t>(i), in = epoch_](outcome out) {
            f->core->on_answer(f, attempt, index, in, std::move(out));
        };
        const auto refused = still_watched(o) ? error_code{errc::no_node} : client_->submit(o, std::move(answer));
        // The client is down, and its event is on the way: nothing more goes to it.
        if (refused == errc::not_connected || session_over(refused)) {
            client_refuses_ = true;
            if (f->stage == flight_stage::queued)
                return false;
            for (; i < f->operations.size(); ++i)  // in their order, or not at all
                f->answer(i, outcome{refused});
            break;
        }
        if (f->stage == flight_stage::queued) {
            queued_.pop_front();
            --queued_count_;
            f->stage = flight_stage::sent;
            aloft_.push_back(*f);
        }
        if (refused) {  // this one can never be sent: that is its answer
            f->answer(i, outcome{refused});
            continue;
        }
        f->was_sent = true;
        ++in_flight_;
        if (const auto* path = watched_path(o))
            watches_.expect(*path);
        ephemerals_.expect(ephemeral_bytes_of(o));
    }
    if (f->missing == 0)
        conclude(g, f);
    return true;
}

/// Somebody has begun to watch the path since it was decided to forget it; libzookeeper would forget that watch too.
bool session_core::still_watched(const operation& o) const
{
    const auto* f = std::get_if<op::forget_watches>(&o);
    return f && watches_.watched(f->path);
}

void session_core::on_answer(const std::shared_ptr<flight>& f, std::uint32_t attempt, std::size_t index,
                             turnstile::epoch sent_in, outcome o)
{
    guarded g{*this};
    --in_flight_;
    const auto& asked = f->operations[index];
    const bool current = f->stage == flight_stage::sent && f->attempt == attempt;
    ephemerals_.settled(ephemeral_bytes_of(asked));
    // An answer to a former session proves nothing about this one.
    if (!epoch_over_ && sent_in == epoch_) {
        book(ephemerals_, asked, o);
        if (o.ok() && !is_read(asked) && !std::holds_alternative<op::forget_watches>(asked))
            clock_->acknowledged(f->sent);
        settle_watch(g, *f, current, asked, o);
    }
    if (current) {
        f->answer(index, std::move(o));
        if (f->missing == 0)
            conclude(g, f);
    }
    if (in_flight_ == 0 && let_go_when_idle_)
        let_go(g);
    pump(g);
}

void session_core::settle_watch(guarded& g, flight& f, bool current, const operation& o, const outcome& answer)
{
    const auto* path = watched_path(o);
    if (!path)
        return;
    watches_.settled(*path);
    const bool left_watch = answer.ok() || (answer.ec == errc::no_node && std::holds_alternative<op::exists>(o));
    if (!left_watch)
        return;
    if (current && f.box && !f.box->over) {
        f.box->in = epoch_;
        watches_.add(*path, std::holds_alternative<op::children>(o) ? watch_subject::children : watch_subject::node, f.box);
    } else if (!watches_.watched(*path)) {
        // Nobody waits for it any more: the servers shall not keep it either.
        g.after([self = shared_from_this(), p = unrooted(*path), in = epoch_] {
            self->fly({op::forget_watches{p}}, in, [](const std::vector<outcome>&) {});
        });
    }
}

void session_core::conclude(guarded& g, const std::shared_ptr<flight>& f)
{
    const bool unanswered = std::any_of(f->answers.begin(), f->answers.end(), [](const outcome& o) {
        return in_doubt(o.ec) || o.ec == errc::session_expired || o.ec == errc::not_connected;
    });
    const bool epoch_allows = f->in == epoch::none || (f->in == epoch_ && !epoch_over_);
    if (unanswered && f->repeatable && epoch_allows && !gives_nothing_more()) {
        requeue(f);
        return;
    }
    if (f->in == epoch::none)  // "expired" would sound as if it had not been executed
        for (auto& o : f->answers)
            if (o.ec == errc::session_expired && f->was_sent)
                o.ec = errc::connection_loss;
    land(g, *f);
}

void session_core::land(guarded& g, flight& f)
{
    if (f.stage == flight_stage::queued)
        --queued_count_;
    if (f.is_linked())
        f.unlink();
    f.stage = flight_stage::landed;
    if (options_.root != "/")
        for (auto& o : f.answers) {
            o.path = unrooted(std::move(o.path));
            for (auto& s : o.steps)
                s.path = unrooted(std::move(s.path));
        }
    g.after([landed = f.shared_from_this()] {
        auto done = std::move(landed->done);
        done(std::move(landed->answers));
    });
}

void session_core::give_up(flight& f, error_code ec)
{
    guarded g{*this};
    if (f.stage == flight_stage::landed)
        return;
    if (ec == errc::deadline_exceeded && !f.was_sent)
        ec = errc::not_connected;
    f.answer_rest(ec);
    land(g, f);
    if (queued_.size() > 2 * queued_count_ + 1'024)  // while nothing is sent, nothing else takes them out
        std::erase_if(queued_, [](const auto& q) { return q->stage == flight_stage::landed; });
}

// ---- Watches ----------------------------------------------------------------------------------------------------

void session_core::client_watch(std::uint64_t number, watch_event_type type, const std::string& path)
{
    guarded g{*this};
    if (number != client_number_)
        return;
    const auto seen = unrooted(path);
    for (const auto& box : watches_.fire(type, path)) {
        box->events.emplace_back(type, seen);
        if (box->notify)
            g.after(std::move(box->notify));
    }
}

std::shared_ptr<mailbox> session_core::make_mailbox() { return std::make_shared<mailbox>(weak_from_this()); }

std::pair<std::optional<watch_event>, error_code> session_core::take(mailbox& box, unique_function<void()> then)
{
    const guarded g{*this};
    if (!box.events.empty()) {
        auto first = std::move(box.events.front());
        box.events.erase(box.events.begin());
        return {std::move(first), {}};
    }
    if (!box.over && gives_nothing_more())
        box.over = reason_when_over();
    if (!box.over)
        box.notify = std::move(then);
    return {std::nullopt, box.over};
}

void session_core::when_filled(mailbox& box, unique_function<void()> then)
{
    guarded g{*this};
    if (!box.over && gives_nothing_more())
        box.over = reason_when_over();
    if (!box.events.empty() || box.over)
        g.after(std::move(then));
    else
        box.notify = std::move(then);
}

void session_core::forget(const std::shared_ptr<mailbox>& box, bool quietly)
{
    guarded g{*this};
    if (!box->over)
        box->over = boost::asio::error::operation_aborted;
    g.after([dropped = std::move(box->notify)] {});
    const auto idle = watches_.forget(box.get());
    if (quietly || state_ != connection_state::connected)
        return;
    for (const auto& path : idle)
        g.after([self = shared_from_this(), p = unrooted(path), in = epoch_] {
            self->fly({op::forget_watches{p}}, in, [](const std::vector<outcome>&) {});
        });
}

// ---- State ------------------------------------------------------------------------------------------------------

connection_state session_core::state() const
{
    const std::lock_guard lock{mutex_};
    return state_;
}

turnstile::epoch session_core::current_epoch() const
{
    const std::lock_guard lock{mutex_};
    return epoch_;
}

bool session_core::epoch_alive(turnstile::epoch e) const
{
    const std::lock_guard lock{mutex_};
    return e == epoch_ && !epoch_over_;
}

std::int64_t session_core::id() const
{
    const std::lock_guard lock{mutex_};
    return identity_.id;
}

session_identity session_core::identity() const
{
    const std::lock_guard lock{mutex_};
    return identity_;
}

std::chrono::milliseconds session_core::timeout() const
{
    const std::lock_guard lock{mutex_};
    return timeout_ > 0ms ? timeout_ : options_.session_timeout;
}

std::shared_ptr<session_clock> session_core::clock_of(turnstile::epoch e) const
{
    const std::lock_guard lock{mutex_};
    return e == epoch_ ? clock_ : nullptr;
}

void session_core::when_connected(const std::shared_ptr<once<error_code>>& waiting)
{
    if (forked()) {
        waiting->complete(errc::forked);
        return;
    }
    guarded g{*this};
    if (state_ == connection_state::connected)
        g.after([waiting] { waiting->complete({}); });
    else if (gives_nothing_more())
        g.after([waiting, why = reason_when_over()] { waiting->complete(why); });
    else {
        std::erase_if(connected_waiters_, [](const auto& w) { return w->done(); });
        connected_waiters_.push_back(waiting);
    }
}

std::shared_ptr<void> session_core::listen(boost::asio::any_io_executor executor, std::function<void(connection_state)> f)
{
    auto l = std::make_shared<listener>(std::move(executor), std::move(f));
    {
        const std::lock_guard lock{mutex_};
        listeners_.push_back(l);
    }
    auto* raw = l.get();
    return {raw, [l = std::move(l)](void*) { l->listening = false; }};
}

// ---- Paths ------------------------------------------------------------------------------------------------------

std::string session_core::rooted(const std::string& path) const
{
    if (!path.starts_with('/'))
        return path;  // not one of ours: to be refused as it is
    return path == "/" ? options_.root : options_.root + path;
}

std::string session_core::unrooted(std::string path) const
{
    if (options_.root == "/" || !path.starts_with(options_.root))
        return path;
    path.erase(0, options_.root.size());
    return path.empty() ? "/" : path;
}

}  // namespace turnstile::inline v0::detail

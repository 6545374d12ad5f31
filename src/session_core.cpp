#include "session_core.hpp"

#include <turnstile/path.hpp>

#include "fork_guard.hpp"
#include "session_core_guarded.hpp"
#include "session_setup.hpp"

#include <spdlog/spdlog.h>

#include <boost/asio/post.hpp>

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

}  // namespace

struct session_core::listener {
    boost::asio::strand<boost::asio::any_io_executor> executor;
    std::function<void(connection_state)> f;
    std::atomic<bool> listening{true};
    std::mutex mutex;
    // Guarded by mutex. Filled under the core's mutex: in the order of the transitions, whoever comes to post them first.
    std::deque<connection_state> to_tell;

    listener(const boost::asio::any_io_executor& e, std::function<void(connection_state)> f_)
        : executor{boost::asio::make_strand(e)}, f{std::move(f_)}
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
      groups_{options_.group_max, options_.payload_max / 2},
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
    for (auto& prefix : path_prefixes(options_.root))
        creates.emplace_back(op::create{std::move(prefix), "", create_mode::persistent, options_.default_acl});
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

std::shared_ptr<void> session_core::listen(const boost::asio::any_io_executor& executor,
                                           std::function<void(connection_state)> f)
{
    auto l = std::make_shared<listener>(executor, std::move(f));
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

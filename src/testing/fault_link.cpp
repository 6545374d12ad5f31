#include "testing/fault_core.hpp"

#include <cassert>

namespace turnstile::inline v0::testing {

/// What the inner client tells. It does not keep the link alive: the link holds the inner client.
class fault_link::listener final : public detail::client_events {
public:
    explicit listener(const std::shared_ptr<fault_link>& link) : link_{link} {}

    void on_connected(const detail::session_identity& identity, std::chrono::milliseconds timeout) override
    {
        relay([=](fault_link& l) { l.connected(identity, timeout); });
    }
    void on_disconnected() override
    {
        relay([](fault_link& l) { l.disconnected(); });
    }
    void on_expired() override
    {
        relay([](fault_link& l) { l.session_ended(true); });
    }
    void on_auth_failed() override
    {
        relay([](fault_link& l) { l.session_ended(false); });
    }
    void on_watch(watch_event_type type, const std::string& path) override
    {
        relay([=](fault_link& l) { l.watch_fired(type, path); });
    }

private:
    template <class F>
    void relay(F what)
    {
        if (const auto link = link_.lock())
            link->post([&l = *link, what = std::move(what)] { what(l); });
    }

    const std::weak_ptr<fault_link> link_;
};

fault_link::fault_link(std::shared_ptr<fault_core> core, std::shared_ptr<detail::client_events> events)
    : core_{std::move(core)}, number_{core_->next_client()}, channel_{core_->queue->open()}, events_{std::move(events)}
{
}

fault_link::~fault_link() { core_->queue->close(channel_); }

template <class F>
void fault_link::post(F run, delivery_queue::clock::duration delay)
{
    core_->queue->post(
        channel_, [self = shared_from_this(), run = std::move(run)]() mutable { run(); }, delay);
}

void fault_link::open(detail::client_settings settings)
{
    auto inner = core_->inner->open(std::move(settings), std::make_shared<listener>(shared_from_this()));
    const std::lock_guard lock{mutex_};
    inner_ = std::move(inner);
}

error_code fault_link::submit(const operation& o, detail::completion done)
{
    std::unique_lock lock{mutex_};
    if (closing_)
        return errc::session_closed;
    if (over_)
        return errc::session_expired;
    if (!up_)
        return errc::not_connected;
    const auto met = core_->pass(number_, o, outstanding_.empty());
    const auto id = ++last_id_;
    outstanding_.emplace(id, std::move(done));
    if (met == fault::lost_before) {
        lose_connection(lock, id, errc::connection_loss);
        return {};
    }
    if (met == fault::expired_before) {
        begin_expiry(lock);
        return {};
    }
    const auto inner = inner_;
    lock.unlock();
    const auto refused = inner->submit(o, [self = shared_from_this(), id, met, o = operation{o}](outcome result) mutable {
        self->post([l = self.get(), id, met, o = std::move(o), result = std::move(result)]() mutable {
            l->answered(id, met, o, std::move(result));
        });
    });
    if (!refused)
        return {};
    lock.lock();
    // When the connection was lost meanwhile, the loss has taken this operation with it: then it is answered already.
    return outstanding_.erase(id) ? refused : error_code{};
}

void fault_link::answered(identifier id, const std::optional<fault>& met, const operation& o, outcome result)
{
    std::unique_lock lock{mutex_};
    const auto found = outstanding_.find(id);
    if (found == outstanding_.end())
        return;
    const bool breaks = !closing_ && up_;
    if (breaks && met == fault::lost_after) {
        lose_connection(lock, id, errc::connection_loss);
        return;
    }
    if (breaks && met == fault::timed_out) {
        lose_connection(lock, id, errc::operation_timeout);
        return;
    }
    if (breaks && met == fault::expired) {
        begin_expiry(lock);
        return;
    }
    auto done = std::move(found->second);
    outstanding_.erase(found);
    watches_.note(o, result.ec);
    lock.unlock();
    done(std::move(result));
}

// ---- What the inner client tells

void fault_link::connected(const detail::session_identity& identity, std::chrono::milliseconds timeout)
{
    std::unique_lock lock{mutex_};
    identity_ = identity;
    timeout_ = timeout;
    inner_up_ = true;
    if (!lost_by_fault_)
        tell_connected(lock);
}

void fault_link::disconnected()
{
    std::unique_lock lock{mutex_};
    inner_up_ = false;
    if (!up_ || closing_)
        return;
    up_ = false;
    const auto events = events_;
    lock.unlock();
    events->on_disconnected();
}

void fault_link::session_ended(bool expired)
{
    std::unique_lock lock{mutex_};
    if (std::exchange(over_, true) || closing_)
        return;
    up_ = false;
    const auto events = events_;
    lock.unlock();
    if (expired)
        events->on_expired();
    else
        events->on_auth_failed();
}

void fault_link::watch_fired(watch_event_type type, const std::string& path)
{
    std::unique_lock lock{mutex_};
    if (over_ || finished_)
        return;
    if (lost_by_fault_ || !up_) {
        held_watches_.emplace_back(type, path);
        return;
    }
    if (!watches_.take(type, path))
        return;
    const auto events = events_;
    lock.unlock();
    events->on_watch(type, path);
}

void fault_link::tell_connected(std::unique_lock<std::mutex>& lock)
{
    if (!inner_up_ || up_ || over_ || closing_)
        return;
    up_ = true;
    const auto events = events_;
    const auto identity = identity_;
    const auto timeout = timeout_;
    const auto fired = std::exchange(held_watches_, {});
    lock.unlock();
    events->on_connected(identity, timeout);
    // Before anything that is submitted from now on can be answered: this is the only thread that tells.
    for (const auto& [type, path] : fired)
        watch_fired(type, path);
}

// ---- What is invented

fault_link::losses fault_link::take_outstanding(identifier culprit, errc of_culprit, errc of_the_rest)
{
    losses lost;
    for (auto& [id, done] : std::exchange(outstanding_, {}))
        lost.emplace_back(std::move(done), id == culprit ? of_culprit : of_the_rest);
    return lost;
}

void fault_link::lose_connection(std::unique_lock<std::mutex>& lock, identifier culprit, errc code)
{
    up_ = false;
    lost_by_fault_ = true;
    auto lost = take_outstanding(culprit, code, errc::connection_loss);
    lock.unlock();
    // In libzookeeper's order: first that the connection is gone, then what went with it.
    post([this, lost = std::move(lost)]() mutable {
        std::unique_lock inner{mutex_};
        const auto events = closing_ ? nullptr : events_;
        inner.unlock();
        if (events)
            events->on_disconnected();
        for (auto& [done, ec] : lost)
            done(outcome{static_cast<errc>(ec.value())});
    });
    post([this] { come_back(); }, core_->reconnect_delay);
}

void fault_link::come_back()
{
    std::unique_lock lock{mutex_};
    lost_by_fault_ = false;
    tell_connected(lock);
}

/// The session ends on the server before anybody is told of it.
void fault_link::begin_expiry(std::unique_lock<std::mutex>& lock)
{
    up_ = false;
    over_ = true;
    inner_closing_ = true;
    auto lost = take_outstanding(0, errc::session_expired, errc::session_expired);
    const auto inner = inner_;
    lock.unlock();
    inner->close(true, [self = shared_from_this(), lost = std::move(lost)]() mutable {
        self->post([l = self.get(), lost = std::move(lost)]() mutable { l->finish_expiry(std::move(lost)); });
    });
}

void fault_link::finish_expiry(losses lost)
{
    for (auto& [done, ec] : lost)
        done(outcome{static_cast<errc>(ec.value())});
    std::unique_lock lock{mutex_};
    inner_closed_ = true;
    if (closing_) {
        lock.unlock();
        finish();
        return;
    }
    const auto events = events_;
    lock.unlock();
    events->on_expired();
}

// ---- The end

void fault_link::close(bool end_session, detail::unique_function<void()> closed)
{
    std::unique_lock lock{mutex_};
    assert(!closing_ && "close is called once");
    closing_ = true;
    up_ = false;
    closed_ = std::move(closed);
    if (inner_closed_) {
        lock.unlock();
        post([this] { finish(); });
        return;
    }
    if (std::exchange(inner_closing_, true))
        return;  // by an expiry, which finishes us when it is done
    const auto inner = inner_;
    lock.unlock();
    inner->close(end_session, [self = shared_from_this()] { self->post([l = self.get()] { l->finish(); }); });
}

void fault_link::finish()
{
    std::unique_lock lock{mutex_};
    if (std::exchange(finished_, true))
        return;
    auto rest = take_outstanding(0, errc::closing, errc::closing);
    auto closed = std::move(closed_);
    const auto events = std::exchange(events_, nullptr);
    const auto inner = std::exchange(inner_, nullptr);
    lock.unlock();
    for (auto& [done, ec] : rest)
        done(outcome{static_cast<errc>(ec.value())});
    closed();
}

void fault_link::abandon()
{
    std::map<identifier, detail::completion> dropped;  // destroyed after the lock is gone
    std::shared_ptr<detail::client_events> events;
    std::shared_ptr<detail::client> inner;
    const std::lock_guard lock{mutex_};
    if (std::exchange(closing_, true))
        return;
    finished_ = true;
    dropped.swap(outstanding_);
    events.swap(events_);
    inner.swap(inner_);
}

}  // namespace turnstile::inline v0::testing

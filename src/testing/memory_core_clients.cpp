// Clients come, and go: connections, sessions, and what ends with them.
#include "testing/memory_core.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace turnstile::inline v0::testing {

namespace {

/// Large, as those of real servers are: the server's number stands in the highest byte.
constexpr std::int64_t first_session = std::int64_t{1} << 56;

/// Sixteen bytes, as of a real server, and as little to be guessed as a test needs.
std::string password_of(std::int64_t session)
{
    std::string password(16, '\0');
    auto x = static_cast<std::uint64_t>(session);
    for (auto& byte : password) {
        x = x * 6364136223846793005u + 1442695040888963407u;
        byte = static_cast<char>(x >> 56);
    }
    return password;
}

}  // namespace

// ---- Clients come

memory_core::client_ptr memory_core::open(const detail::client_settings& settings,
                                          std::shared_ptr<detail::client_events> events)
{
    const std::lock_guard lock{mutex_};
    const auto number = ++last_client_;
    auto c = std::make_shared<client_state>(number, settings, std::move(events), queue_->open());
    clients_[number] = c;
    post(c->self, [this, c] { attempt(c); });
    return c;
}

void memory_core::attempt(const client_ptr& c)
{
    const std::lock_guard lock{mutex_};
    if (c->closing || c->over || c->up != channel::none)
        return;
    if (refusing_) {
        post(
            c->self, [this, c] { attempt(c); }, options_.reconnect_delay);
        return;
    }
    c->up = queue_->open(paused_);
    c->down = queue_->open(silent());
    post(
        c->up, [this, c, up = c->up] { admit(c, up); }, one_way());
}

void memory_core::admit(const client_ptr& c, channel up)
{
    const std::lock_guard lock{mutex_};
    if (c->up != up)
        return;
    const auto down = c->down;
    if (refusing_credentials_ && c->has_credentials) {
        post(
            down, [this, c, down] { tell_over(c, down, false); }, one_way());
        return;
    }
    if (!identify(c)) {
        post(
            down, [this, c, down] { tell_over(c, down, true); }, one_way());
        return;
    }
    if (!take_in(c)) {
        hang_up(c);
        post(
            c->self, [this, c] { attempt(c); }, options_.reconnect_delay);
        return;
    }
    const auto timeout = std::clamp(c->asked_timeout, options_.session_timeout_min, options_.session_timeout_max);
    post(
        down, [this, c, down, timeout] { tell_connected(c, down, timeout); }, one_way());
    tell_what_was_missed(c);
}

/// Gives a new client a session; false when the one that it names is unknown.
bool memory_core::identify(const client_ptr& c)
{
    if (c->identity.id == 0) {
        c->identity.id = first_session + ++last_session_;
        c->identity.password = password_of(c->identity.id);
        sessions_[c->identity.id].password = c->identity.password;
        tree_.begin_session();
        return true;
    }
    const auto found = sessions_.find(c->identity.id);
    // A client that is ahead of us cannot be told anything, see take_in.
    return c->last_zxid > tree_.last_zxid() || (found != sessions_.end() && found->second.password == c->identity.password);
}

bool memory_core::take_in(const client_ptr& c)
{
    if (c->last_zxid > tree_.last_zxid())
        return false;
    auto& s = sessions_.at(c->identity.id);
    if (s.client && c->has_been_in)
        return false;
    if (const auto older = s.client)
        cut(older);
    s.client = c;
    c->has_been_in = true;
    return true;
}

/// What SetWatches does: an event for each watch whose condition came true meanwhile, the others are kept again.
void memory_core::tell_what_was_missed(const client_ptr& c)
{
    std::map<std::string, watch_event_type> missed_here;
    std::vector<std::string> missed_below;
    const auto stat_at = [&](const std::string& path) {
        std::vector<tree_change> none;
        return tree_.execute(op::exists{path}, request_context{0, 0}, none);
    };
    for (const auto& path : c->watches.node) {
        if (const auto now = stat_at(path); !now.ok())
            missed_here[path] = watch_event_type::erased;
        else if (now.stat.mzxid > c->last_zxid)
            missed_here[path] = watch_event_type::changed;
        else
            node_watchers_[path][c->number] = c;
    }
    for (const auto& path : c->watches.absent) {
        if (stat_at(path).ok())
            missed_here.emplace(path, watch_event_type::created);
        else
            node_watchers_[path][c->number] = c;
    }
    for (const auto& path : c->watches.child) {
        if (const auto now = stat_at(path); !now.ok())
            missed_here[path] = watch_event_type::erased;
        else if (now.stat.pzxid > c->last_zxid)
            missed_below.push_back(path);
        else
            child_watchers_[path][c->number] = c;
    }
    const auto down = c->down;
    for (const auto& [path, type] : missed_here)
        post(
            down, [this, c, down, type = type, path = path] { tell_watch(c, down, type, path); }, one_way());
    for (const auto& path : missed_below)
        post(
            down, [this, c, down, path] { tell_watch(c, down, watch_event_type::children_changed, path); }, one_way());
}

void memory_core::tell_connected(const client_ptr& c, channel down, std::chrono::milliseconds timeout)
{
    std::unique_lock lock{mutex_};
    if (c->down != down || c->closing)
        return;
    c->connected = true;
    const auto identity = c->identity;
    const auto events = c->events;
    lock.unlock();
    events->on_connected(identity, timeout);
}

void memory_core::tell_over(const client_ptr& c, channel down, bool expired)
{
    std::unique_lock lock{mutex_};
    if (c->down != down || c->closing)
        return;
    c->over = true;
    hang_up(c);
    const auto events = c->events;
    lock.unlock();
    if (expired)
        events->on_expired();
    else
        events->on_auth_failed();
}

// ---- Connections and sessions go

memory_core::session* memory_core::session_of(const client_ptr& c)
{
    const auto found = sessions_.find(c->identity.id);
    return found != sessions_.end() && found->second.client == c ? &found->second : nullptr;
}

/// The connection is gone, with all that was on the wire.
void memory_core::hang_up(const client_ptr& c, wire requests)
{
    const auto up = std::exchange(c->up, channel::none);
    if (auto* s = session_of(c); s && requests == wire::delivers_later)
        s->lagging.push_back(up);
    else
        queue_->close(up);
    queue_->close(std::exchange(c->down, channel::none));
    for (auto* kept : {&node_watchers_, &child_watchers_})
        for (auto entry = kept->begin(); entry != kept->end();) {
            entry->second.erase(c->number);
            entry = entry->second.empty() ? kept->erase(entry) : std::next(entry);
        }
    if (auto* s = session_of(c))
        s->client = nullptr;
}

/// The connection is gone, and the client finds out. The order is libzookeeper's: first that the connection was lost, then
/// what was lost with it.
void memory_core::cut(const client_ptr& c, wire requests)
{
    if (c->up == channel::none)
        return;
    hang_up(c, requests);
    if (c->finished) {
        leave(c);
        return;
    }
    if (c->closing) {
        post(c->self, [this, c] { finish(c); });
        return;
    }
    post(c->self, [events = std::exchange(c->connected, false) ? c->events : nullptr,
                   lost = std::exchange(c->outstanding, {})]() mutable {
        if (events)
            events->on_disconnected();
        for (auto& done : lost)
            done(outcome{errc::connection_loss});
    });
    post(
        c->self, [this, c] { attempt(c); }, options_.reconnect_delay);
}

void memory_core::leave(const client_ptr& c)
{
    hang_up(c);
    queue_->close(c->self);
    clients_.erase(c->number);
}

void memory_core::cut_everybody()
{
    for (const auto clients = clients_; const auto& [number, c] : clients)
        cut(c);
}

void memory_core::end_session(std::int64_t id)
{
    std::vector<tree_change> changes;
    tree_.end_session(id, changes);
    tell(changes);
    const auto ended = sessions_.extract(id);
    if (!ended)
        return;
    for (const auto up : ended.mapped().lagging)
        queue_->close(up);
    if (ended.mapped().client)
        cut(ended.mapped().client);
}

// ---- Clients close

void memory_core::close(const client_ptr& c, bool end_session, detail::unique_function<void()> closed)
{
    const std::lock_guard lock{mutex_};
    assert(!c->closing && "close is called once");
    c->closing = true;
    c->connected = false;
    c->closed = std::move(closed);
    c->kept_for_closing = shared_from_this();
    if (!end_session || !session_of(c)) {
        hang_up(c);
        post(c->self, [this, c] { finish(c); });
        return;
    }
    // The last request of this connection: what was submitted before it is executed and answered before it. A server that is
    // silent now may still do it when it comes round, but nobody waits for that.
    post(
        c->up,
        [this, c] {
            const std::lock_guard inner{mutex_};
            if (session_of(c))
                sessions_.at(c->identity.id).client = nullptr;
            this->end_session(c->identity.id);
            post(
                c->down, [this, c] { finish(c); }, one_way());
            if (c->finished)
                leave(c);
        },
        one_way());
    if (silent())
        post(c->self, [this, c] { finish(c); });
}

/// A client that closes does not wait for a server that has fallen silent.
void memory_core::finish_the_closing()
{
    for (const auto& [number, c] : clients_)
        if (c->closing)
            post(c->self, [this, c = c] { finish(c); });
}

void memory_core::finish(const client_ptr& c)
{
    std::unique_lock lock{mutex_};
    if (std::exchange(c->finished, true))
        return;
    const auto events = std::exchange(c->events, nullptr);
    const auto self = std::exchange(c->kept_for_closing, nullptr);
    auto rest = std::exchange(c->outstanding, {});
    auto closed = std::move(c->closed);
    // A session that is still there waits for a silent server to read our last request.
    if (session_of(c))
        queue_->close(std::exchange(c->down, channel::none));
    else
        leave(c);
    lock.unlock();
    for (auto& done : rest)
        done(outcome{errc::closing});
    closed();
}

void memory_core::abandon(const client_ptr& c)
{
    std::deque<detail::completion> dropped;  // destroyed after the lock is gone
    std::shared_ptr<detail::client_events> events;
    const std::lock_guard lock{mutex_};
    if (std::exchange(c->closing, true))
        return;
    c->finished = true;
    leave(c);
    dropped.swap(c->outstanding);
    events.swap(c->events);
}

}  // namespace turnstile::inline v0::testing

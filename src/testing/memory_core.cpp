#include "testing/memory_core.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace turnstile::inline v0::testing {

namespace {

std::int64_t wall_clock()
{
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
}

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

bool container_inside(const operation& o)
{
    const auto* m = std::get_if<op::multi>(&o);
    return m && std::any_of(m->steps.begin(), m->steps.end(), [](const op::step& s) {
               const auto* c = std::get_if<op::create>(&s);
               return c && c->mode == create_mode::container;
           });
}

}  // namespace

/// A delivery does not keep the server alive: what is under way when the last client goes is of no use to anybody.
template <class F>
void memory_core::post(channel c, F run, duration delay)
{
    queue_->post(
        c,
        [weak = weak_from_this(), run = std::move(run)]() mutable {
            if (const auto self = weak.lock())
                run();
        },
        delay);
}

std::shared_ptr<memory_core> memory_core::with_a_thread(const memory_server_options& o)
{
    auto core = std::make_shared<memory_core>(o, std::make_shared<delivery_queue>());
    core->thread_.emplace(core->queue_);
    return core;
}

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

// ---- Operations

error_code memory_core::submit(const client_ptr& c, const operation& o, detail::completion done)
{
    if (container_inside(o))
        return errc::bad_argument;
    const std::lock_guard lock{mutex_};
    if (c->closing)
        return errc::session_closed;
    if (c->over)
        return errc::session_expired;
    if (!c->connected)
        return errc::not_connected;
    c->outstanding.push_back(std::move(done));
    post(
        c->up, [this, c, up = c->up, o] { receive(c, up, o); }, one_way());
    return {};
}

void memory_core::receive(const client_ptr& c, channel up, const operation& o)
{
    std::unique_lock lock{mutex_};
    if (c->up != up) {
        lock.unlock();
        receive_late(c, up, o);
        return;
    }
    if (!is_read(o) || std::holds_alternative<op::sync>(o)) {
        lock.unlock();
        catch_up(c);
        lock.lock();
        if (c->up != up)
            return;
    }
    if (const auto hook = hook_) {
        lock.unlock();
        hook(c->identity.id, o);
        lock.lock();
        if (c->up != up)
            return;
    }
    auto result = execute(c, o);
    post(
        c->down,
        [this, c, down = c->down, o, zxid = tree_.last_zxid(), result = std::move(result)]() mutable {
            answer(c, down, o, zxid, std::move(result));
        },
        one_way());
}

/// From a connection that is gone: nobody is answered.
void memory_core::receive_late(const client_ptr& c, channel up, const operation& o)
{
    const std::lock_guard lock{mutex_};
    const auto found = sessions_.find(c->identity.id);
    const bool lags = found != sessions_.end() && std::count(found->second.lagging.begin(), found->second.lagging.end(), up);
    if (!lags || is_read(o) || std::holds_alternative<op::forget_watches>(o))
        return;
    std::vector<tree_change> changes;
    tree_.execute(o, request_context{c->identity.id, wall_clock()}, changes);
    tell(changes);
}

/// A session's writes are executed in the order in which they were sent, and a sync brings what is behind up to date.
void memory_core::catch_up(const client_ptr& c)
{
    std::unique_lock lock{mutex_};
    const auto found = sessions_.find(c->identity.id);
    if (found == sessions_.end())
        return;
    const auto lagging = found->second.lagging;
    lock.unlock();
    for (const auto up : lagging)
        while (queue_->run_first_of(up)) {}
    lock.lock();
    if (const auto again = sessions_.find(c->identity.id); again != sessions_.end())
        for (const auto up : lagging) {
            std::erase(again->second.lagging, up);
            queue_->close(up);
        }
}

/// Events of a write go out before its answer, as a server sends them.
outcome memory_core::execute(const client_ptr& c, const operation& o)
{
    if (const auto* forget = std::get_if<op::forget_watches>(&o))
        return forget_watches(c, forget->path);
    std::vector<tree_change> changes;
    auto result = tree_.execute(o, request_context{c->identity.id, wall_clock()}, changes);
    keep_watch(c, o, result.ec);
    tell(changes);
    return result;
}

void memory_core::answer(const client_ptr& c, channel down, const operation& o, std::int64_t zxid, outcome result)
{
    std::unique_lock lock{mutex_};
    if (c->down != down)
        return;
    assert(!c->outstanding.empty());
    auto done = std::move(c->outstanding.front());
    c->outstanding.pop_front();
    c->last_zxid = zxid;
    c->watches.note(o, result.ec);
    lock.unlock();
    done(std::move(result));
}

// ---- Watches

void memory_core::keep_watch(const client_ptr& c, const operation& o, const error_code& ec)
{
    const auto kind = watch_left_by(o, ec);
    if (kind == watch_kind::none)
        return;
    auto& kept = kind == watch_kind::child ? child_watchers_ : node_watchers_;
    kept[std::string{path_of(o)}][c->number] = c;
}

outcome memory_core::forget_watches(const client_ptr& c, const std::string& path)
{
    std::size_t forgotten = 0;
    for (auto* kept : {&node_watchers_, &child_watchers_})
        if (const auto found = kept->find(path); found != kept->end()) {
            forgotten += found->second.erase(c->number);
            if (found->second.empty())
                kept->erase(found);
        }
    return forgotten ? outcome{} : outcome{errc::no_node};
}

void memory_core::tell(const std::vector<tree_change>& changes)
{
    for (const auto& [type, path] : changes) {
        std::map<std::uint64_t, client_ptr> told;
        const auto use_up = [&told, &path = path](watchers& kept) {
            if (auto used = kept.extract(path))
                told.merge(used.mapped());
        };
        if (type != watch_event_type::children_changed)
            use_up(node_watchers_);
        if (type == watch_event_type::children_changed || type == watch_event_type::erased)
            use_up(child_watchers_);
        for (const auto& [number, c] : told)
            post(
                c->down, [this, c = c, down = c->down, type = type, path = path] { tell_watch(c, down, type, path); },
                one_way());
    }
}

void memory_core::tell_watch(const client_ptr& c, channel down, watch_event_type type, const std::string& path)
{
    std::unique_lock lock{mutex_};
    if (c->down != down || !c->watches.take(type, path))
        return;
    const auto events = c->events;
    lock.unlock();
    events->on_watch(type, path);
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

// ---- What tests do

std::vector<std::int64_t> memory_core::session_ids() const
{
    const std::lock_guard lock{mutex_};
    std::vector<std::int64_t> ids;
    for (const auto& [id, s] : sessions_)
        ids.push_back(id);
    return ids;
}

bool memory_core::has_client(std::int64_t id) const
{
    const std::lock_guard lock{mutex_};
    const auto found = sessions_.find(id);
    return found != sessions_.end() && found->second.client;
}

bool memory_core::expire(std::int64_t id)
{
    const std::lock_guard lock{mutex_};
    const bool known = sessions_.contains(id) || id == memory_server::outsider;
    if (known)
        end_session(id);
    return known;
}

void memory_core::expire_all()
{
    const std::lock_guard lock{mutex_};
    while (!sessions_.empty())
        end_session(sessions_.begin()->first);
}

void memory_core::disconnect(std::int64_t id, wire requests)
{
    const std::lock_guard lock{mutex_};
    if (const auto found = sessions_.find(id); found != sessions_.end() && found->second.client)
        cut(client_ptr{found->second.client}, requests);
}

void memory_core::disconnect_all()
{
    const std::lock_guard lock{mutex_};
    cut_everybody();
}

void memory_core::refuse_connections(bool on)
{
    const std::lock_guard lock{mutex_};
    refusing_ = on;
}

void memory_core::refuse_credentials(bool on)
{
    const std::lock_guard lock{mutex_};
    refusing_credentials_ = on;
}

void memory_core::pause(bool on)
{
    const std::lock_guard lock{mutex_};
    paused_ = on;
    hold_wires();
}

void memory_core::hold_replies(bool on)
{
    const std::lock_guard lock{mutex_};
    holding_ = on;
    hold_wires();
}

void memory_core::hold_wires()
{
    for (const auto& [number, c] : clients_) {
        queue_->hold(c->up, paused_);
        queue_->hold(c->down, silent());
    }
    for (const auto& [id, s] : sessions_)
        for (const auto up : s.lagging)
            queue_->hold(up, paused_);
    if (silent())
        finish_the_closing();
}

void memory_core::on_operation(std::function<void(std::int64_t, const operation&)> hook)
{
    const std::lock_guard lock{mutex_};
    hook_.swap(hook);
}

outcome memory_core::outsider(const operation& o)
{
    const std::lock_guard lock{mutex_};
    std::vector<tree_change> changes;
    auto result = tree_.execute(o, request_context{memory_server::outsider, wall_clock()}, changes);
    tell(changes);
    return result;
}

std::size_t memory_core::reap_containers()
{
    const std::lock_guard lock{mutex_};
    std::vector<tree_change> changes;
    const auto reaped = tree_.reap_containers(changes);
    tell(changes);
    return reaped;
}

bool memory_core::set_sequence(const std::string& parent, std::int32_t next)
{
    const std::lock_guard lock{mutex_};
    return tree_.set_sequence(parent, next);
}

std::size_t memory_core::watch_count() const
{
    const std::lock_guard lock{mutex_};
    std::size_t count = 0;
    for (const auto* kept : {&node_watchers_, &child_watchers_})
        for (const auto& [path, who] : *kept)
            count += who.size();
    return count;
}

std::int64_t memory_core::last_zxid() const
{
    const std::lock_guard lock{mutex_};
    return tree_.last_zxid();
}

void memory_core::wipe(bool keep_zxids)
{
    const std::lock_guard lock{mutex_};
    cut_everybody();
    const auto zxid = tree_.last_zxid();
    tree_ = znode_tree{};
    if (keep_zxids)
        tree_.set_last_zxid(zxid);
    for (const auto& [id, s] : sessions_)
        for (const auto up : s.lagging)
            queue_->close(up);
    sessions_.clear();
}

void memory_core::shut_down()
{
    const std::lock_guard lock{mutex_};
    hook_ = nullptr;
    refusing_ = true;
    paused_ = holding_ = false;
    hold_wires();
    cut_everybody();
}

}  // namespace turnstile::inline v0::testing

// The client on libzookeeper_mt, and the only file that includes zookeeper.h. Every trap of that library is dealt with here
// or not at all:
//   - contexts of outstanding operations are kept in a registry and drained after close, because close loses some;
//   - init, which resolves names, and close, which may block for seconds, run on threads of their own;
//   - no call can meet a handle that is being closed: the gate;
//   - one watcher function with one context per handle;
//   - numeric addresses, an odd number of them, and no resolving afterwards;
//   - THREADED stays undefined, so that nobody can call the synchronous functions, which overtake queued events.
#include "client.hpp"
#include "client_log.hpp"
#include "reaper.hpp"
#include "sdk_thread.hpp"
#include "server_list.hpp"

#include <zookeeper/zookeeper.h>

#include <boost/intrusive/list.hpp>

#include <spdlog/spdlog.h>

#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include <string.h>

namespace turnstile::inline v0::detail {

namespace {

constexpr int quota_exceeded = -125;  // not in the header

error_code from_zookeeper(int rc) noexcept
{
    switch (rc) {
        case ZOK:
            return {};
        case ZCONNECTIONLOSS:
        case ZRUNTIMEINCONSISTENCY:
        case ZMARSHALLINGERROR:
            return errc::connection_loss;
        case ZOPERATIONTIMEOUT:
            return errc::operation_timeout;
        case ZSESSIONMOVED:
            return errc::session_moved;
        case ZCLOSING:
            return errc::closing;
        case ZSESSIONEXPIRED:
        case ZINVALIDSTATE:
            return errc::session_expired;
        case ZAUTHFAILED:
            return errc::auth_failed;
        case ZTHROTTLEDOP:
            return errc::throttled;
        case ZNONODE:
        case ZNOWATCHER:
            return errc::no_node;
        case ZNODEEXISTS:
            return errc::node_exists;
        case ZBADVERSION:
            return errc::bad_version;
        case ZNOTEMPTY:
            return errc::not_empty;
        case ZNOCHILDRENFOREPHEMERALS:
            return errc::no_children_for_ephemerals;
        case ZNOAUTH:
            return errc::no_auth;
        case ZINVALIDACL:
            return errc::invalid_acl;
        case quota_exceeded:
            return errc::quota_exceeded;
        case ZNOTREADONLY:
            return errc::read_only_server;
        case ZUNIMPLEMENTED:
            return errc::unsupported_by_server;
        case ZBADARGUMENTS:
            return errc::bad_argument;
        default:
            return errc::server_error;
    }
}

turnstile::stat from_zookeeper(const Stat& s)
{
    turnstile::stat out;
    out.czxid = s.czxid;
    out.mzxid = s.mzxid;
    out.ctime = s.ctime;
    out.mtime = s.mtime;
    out.version = s.version;
    out.cversion = s.cversion;
    out.aversion = s.aversion;
    out.ephemeral_owner = s.ephemeralOwner;
    out.data_length = s.dataLength;
    out.num_children = s.numChildren;
    out.pzxid = s.pzxid;
    return out;
}

int to_zookeeper(create_mode m) noexcept
{
    switch (m) {
        case create_mode::persistent:
            return ZOO_PERSISTENT;
        case create_mode::ephemeral:
            return ZOO_EPHEMERAL;
        case create_mode::persistent_sequential:
            return ZOO_PERSISTENT_SEQUENTIAL;
        case create_mode::ephemeral_sequential:
            return ZOO_EPHEMERAL_SEQUENTIAL;
        case create_mode::container:
            return ZOO_CONTAINER;
    }
    return ZOO_PERSISTENT;
}

/// libzookeeper's view of an acl; valid while that lives. (It takes char*, and does not write to them.)
class acl_view {
public:
    explicit acl_view(const acl& access)
    {
        for (const auto& e : access.entries())
            entries_.push_back(ACL{static_cast<int>(e.permissions),
                                   Id{const_cast<char*>(e.scheme.c_str()), const_cast<char*>(e.id.c_str())}});
        vector_.count = static_cast<int>(entries_.size());
        vector_.data = entries_.data();
    }

    const ACL_vector* get() const noexcept { return &vector_; }

private:
    std::vector<ACL> entries_;
    ACL_vector vector_{};
};

std::vector<std::string> from_zookeeper(const String_vector* names)
{
    std::vector<std::string> out;
    if (!names)
        return out;
    out.reserve(static_cast<std::size_t>(names->count));
    for (int i = 0; i < names->count; ++i)
        out.emplace_back(names->data[i]);
    return out;
}

/// What a multi needs until it is answered: libzookeeper writes its results here.
struct multi_call {
    const op::multi request;
    std::vector<zoo_op_t> ops;
    std::vector<zoo_op_result_t> results;
    std::vector<acl_view> access;
    std::vector<std::vector<char>> created;
    std::vector<Stat> stats;

    explicit multi_call(const op::multi& m) : request{m}
    {
        const auto n = request.steps.size();
        ops.resize(n);
        results.resize(n);
        created.resize(n);
        stats.resize(n);
        access.reserve(n);
        for (std::size_t i = 0; i < n; ++i)
            std::visit([&](const auto& step) { fill(i, step); }, request.steps[i]);
    }

    std::vector<step_result> answers(int rc) const
    {
        std::vector<step_result> out(ops.size());
        for (std::size_t i = 0; i < out.size(); ++i) {
            // Of a failed transaction the server says "runtime inconsistency" for the steps behind the failing one, and
            // "ok" for those before it: neither has happened.
            out[i].ec = from_zookeeper(results[i].err);
            if (rc != ZOK && (results[i].err == ZOK || results[i].err == ZRUNTIMEINCONSISTENCY))
                out[i].ec = errc::rolled_back;
            if (rc == ZOK && std::holds_alternative<op::create>(request.steps[i]))
                out[i].path = created[i].data();
            if (rc == ZOK && std::holds_alternative<op::set>(request.steps[i]))
                out[i].stat = from_zookeeper(stats[i]);
        }
        return out;
    }

private:
    void fill(std::size_t i, const op::create& o)
    {
        created[i].resize(o.path.size() + 16);
        zoo_create_op_init(&ops[i], o.path.c_str(), o.data.data(), static_cast<int>(o.data.size()),
                           access.emplace_back(o.access).get(), to_zookeeper(o.mode), created[i].data(),
                           static_cast<int>(created[i].size()));
    }
    void fill(std::size_t i, const op::erase& o) { zoo_delete_op_init(&ops[i], o.path.c_str(), o.version); }
    void fill(std::size_t i, const op::set& o)
    {
        zoo_set_op_init(&ops[i], o.path.c_str(), o.data.data(), static_cast<int>(o.data.size()), o.version, &stats[i]);
    }
    void fill(std::size_t i, const op::check& o) { zoo_check_op_init(&ops[i], o.path.c_str(), o.version); }
};

class c_client;

/// One outstanding operation: the context of its C completion.
struct call : boost::intrusive::list_base_hook<> {
    c_client& owner;
    completion done;
    std::unique_ptr<multi_call> multi;

    call(c_client& owner_, completion done_) : owner{owner_}, done{std::move(done_)} {}
};

class c_client final : public client, public std::enable_shared_from_this<c_client> {
public:
    c_client(client_settings settings, std::shared_ptr<client_events> events)
        : settings_{std::move(settings)}, events_{std::move(events)}
    {
    }
    ~c_client() override;

    void start();
    error_code submit(const operation& o, completion done) override;
    void close(bool end_session, unique_function<void()> closed) override;

    /// Takes an answered call out of the registry and runs it.
    void answered(call* c, outcome o);

private:
    void open_handle();
    bool init(const std::string& servers);
    static void on_event(zhandle_t* zh, int type, int state, const char* path, void* context);
    void on_session_event(zhandle_t* zh, int state);
    void drain();

    client_settings settings_;
    const std::shared_ptr<client_events> events_;

    std::mutex gate_;  // held by every call into the handle
    zhandle_t* handle_ = nullptr;
    bool closing_ = false;

    std::mutex registry_mutex_;
    boost::intrusive::list<call> registry_;
};

// ---- C completions: copy and pass on, nothing else ---------------------------------------------------------------

void answer(const void* data, outcome o)
{
    mark_sdk_thread();
    auto* c = static_cast<call*>(const_cast<void*>(data));
    c->owner.answered(c, std::move(o));
}

void on_void(int rc, const void* data)
{
    outcome o{from_zookeeper(rc)};
    if (const auto* c = static_cast<const call*>(data); c->multi)
        o.steps = c->multi->answers(rc);
    answer(data, std::move(o));
}

void on_stat(int rc, const Stat* s, const void* data)
{
    outcome o{from_zookeeper(rc)};
    if (rc == ZOK && s)
        o.stat = from_zookeeper(*s);
    answer(data, std::move(o));
}

void on_data(int rc, const char* value, int length, const Stat* s, const void* data)
{
    outcome o{from_zookeeper(rc)};
    if (rc == ZOK && value && length > 0)
        o.data.assign(value, static_cast<std::size_t>(length));
    if (rc == ZOK && s)
        o.stat = from_zookeeper(*s);
    answer(data, std::move(o));
}

void on_string(int rc, const char* value, const void* data)
{
    outcome o{from_zookeeper(rc)};
    if (rc == ZOK && value)
        o.path = value;
    answer(data, std::move(o));
}

void on_string_stat(int rc, const char* value, const Stat* s, const void* data)
{
    outcome o{from_zookeeper(rc)};
    if (rc == ZOK && value)
        o.path = value;
    if (rc == ZOK && s)
        o.stat = from_zookeeper(*s);
    answer(data, std::move(o));
}

void on_strings(int rc, const String_vector* names, const void* data)
{
    outcome o{from_zookeeper(rc)};
    if (rc == ZOK)
        o.children = from_zookeeper(names);
    answer(data, std::move(o));
}

void on_strings_stat(int rc, const String_vector* names, const Stat* s, const void* data)
{
    outcome o{from_zookeeper(rc)};
    if (rc == ZOK) {
        o.children = from_zookeeper(names);
        if (s)
            o.stat = from_zookeeper(*s);
    }
    answer(data, std::move(o));
}

void on_acl(int rc, ACL_vector* access, Stat* s, const void* data)
{
    outcome o{from_zookeeper(rc)};
    if (rc == ZOK && access)
        for (int i = 0; i < access->count; ++i) {
            const auto& e = access->data[i];
            o.access.emplace_back(static_cast<permission>(e.perms), e.id.scheme, e.id.id);
        }
    if (rc == ZOK && s)
        o.stat = from_zookeeper(*s);
    answer(data, std::move(o));
}

/// The credentials have been taken or not; a refusal comes as a session event. May run with the handle's lock held.
void on_auth(int, const void*) {}

/// One operation into libzookeeper; its return value.
class submission {
public:
    submission(zhandle_t* zh, call* c) : zh_{zh}, call_{c} {}

    int operator()(const op::create& o) const
    {
        const acl_view access{o.access};
        const auto* data = o.data.empty() ? "" : o.data.data();
        const auto size = static_cast<int>(o.data.size());
        // Containers have no create2 reply.
        if (o.mode == create_mode::container)
            return zoo_acreate(zh_, o.path.c_str(), data, size, access.get(), to_zookeeper(o.mode), &on_string, call_);
        return zoo_acreate2(zh_, o.path.c_str(), data, size, access.get(), to_zookeeper(o.mode), &on_string_stat, call_);
    }
    int operator()(const op::erase& o) const { return zoo_adelete(zh_, o.path.c_str(), o.version, &on_void, call_); }
    int operator()(const op::exists& o) const { return zoo_aexists(zh_, o.path.c_str(), o.watch ? 1 : 0, &on_stat, call_); }
    int operator()(const op::get& o) const { return zoo_aget(zh_, o.path.c_str(), o.watch ? 1 : 0, &on_data, call_); }
    int operator()(const op::set& o) const
    {
        return zoo_aset(zh_, o.path.c_str(), o.data.data(), static_cast<int>(o.data.size()), o.version, &on_stat, call_);
    }
    int operator()(const op::children& o) const
    {
        if (o.with_stat)
            return zoo_aget_children2(zh_, o.path.c_str(), o.watch ? 1 : 0, &on_strings_stat, call_);
        return zoo_aget_children(zh_, o.path.c_str(), o.watch ? 1 : 0, &on_strings, call_);
    }
    int operator()(const op::sync& o) const { return zoo_async(zh_, o.path.c_str(), &on_string, call_); }
    int operator()(const op::get_acl& o) const { return zoo_aget_acl(zh_, o.path.c_str(), &on_acl, call_); }
    int operator()(const op::set_acl& o) const
    {
        const acl_view access{o.access};
        return zoo_aset_acl(zh_, o.path.c_str(), o.version, const_cast<ACL_vector*>(access.get()), &on_void, call_);
    }
    int operator()(const op::config&) const { return zoo_agetconfig(zh_, 0, &on_data, call_); }
    int operator()(const op::forget_watches& o) const
    {
        auto* done = reinterpret_cast<void_completion_t*>(&on_void);
        return zoo_aremove_all_watches(zh_, o.path.c_str(), ZWATCHTYPE_ANY, 0, done, call_);
    }
    int operator()(const op::multi& o) const
    {
        // On a handle whose session is over zoo_amulti frees what it has not allocated; the event may still be on its way to
        // us.
        if (is_unrecoverable(zh_) != 0)
            return ZINVALIDSTATE;
        call_->multi = std::make_unique<multi_call>(o);
        auto& m = *call_->multi;
        return zoo_amulti(zh_, static_cast<int>(m.ops.size()), m.ops.data(), m.results.data(), &on_void, call_);
    }

private:
    zhandle_t* zh_;
    call* call_;
};

c_client::~c_client()
{
    ::explicit_bzero(settings_.auth_secret.data(), settings_.auth_secret.size());
    ::explicit_bzero(settings_.resume.password.data(), settings_.resume.password.size());
}

void c_client::start()
{
    reaper::run([self = shared_from_this()] { self->open_handle(); });
}

void c_client::open_handle()
{
    const auto servers = numeric_server_list(settings_.servers, *settings_.log);
    if (servers.empty() || !init(servers))
        events_->on_disconnected();  // outside the gate: whoever hears it may hold the lock under which it submits
}

bool c_client::init(const std::string& servers)
{
    const std::lock_guard gate{gate_};
    if (closing_)
        return true;
    clientid_t id{};
    id.client_id = settings_.resume.id;
    settings_.resume.password.copy(id.passwd, sizeof id.passwd);
    zoo_set_debug_level(ZOO_LOG_LEVEL_WARN);
    client_log::use(settings_.log);
    handle_ = zookeeper_init2(servers.c_str(), &c_client::on_event, static_cast<int>(settings_.session_timeout.count()),
                              settings_.resume.id != 0 ? &id : nullptr, this, 0, &client_log::write);
    if (!handle_) {
        SPDLOG_LOGGER_ERROR(settings_.log, "libzookeeper cannot open a handle: errno {}", errno);
        return false;
    }
    zoo_set_servers_resolution_delay(handle_, -1);
    if (!settings_.auth_scheme.empty())
        zoo_add_auth(handle_, settings_.auth_scheme.c_str(), settings_.auth_secret.data(),
                     static_cast<int>(settings_.auth_secret.size()), &on_auth, nullptr);
    return true;
}

error_code c_client::submit(const operation& o, completion done)
{
    auto c = std::make_unique<call>(*this, std::move(done));
    const std::lock_guard gate{gate_};
    if (!handle_ || closing_)
        return errc::not_connected;
    {
        const std::lock_guard lock{registry_mutex_};
        registry_.push_back(*c);
    }
    const int rc = std::visit(submission{handle_, c.get()}, o);
    if (rc == ZOK) {
        static_cast<void>(c.release());  // on_* takes it from here, or drain()
        return {};
    }
    const std::lock_guard lock{registry_mutex_};
    registry_.erase(registry_.iterator_to(*c));
    if (rc == ZINVALIDSTATE || rc == ZCLOSING)
        return errc::not_connected;
    const auto why = from_zookeeper(rc);
    return in_doubt(why) ? error_code{errc::server_error} : why;  // nothing was accepted: no doubt about that
}

void c_client::answered(call* c, outcome o)
{
    const std::unique_ptr<call> owned{c};
    {
        const std::lock_guard lock{registry_mutex_};
        registry_.erase(registry_.iterator_to(*c));
    }
    c->done(std::move(o));
}

void c_client::close(bool, unique_function<void()> closed)
{
    reaper::run([self = shared_from_this(), closed = std::move(closed)]() mutable {
        zhandle_t* gone = nullptr;
        {
            const std::lock_guard gate{self->gate_};
            self->closing_ = true;
            gone = std::exchange(self->handle_, nullptr);
        }
        // Joins the handle's threads: no callback runs afterwards.
        if (gone)
            zookeeper_close(gone);
        self->drain();
        closed();
    });
}

void c_client::drain()
{
    while (true) {
        call* c = nullptr;
        {
            const std::lock_guard lock{registry_mutex_};
            if (registry_.empty())
                return;
            c = &registry_.front();
        }
        answered(c, outcome{errc::closing});
    }
}

void c_client::on_event(zhandle_t* zh, int type, int state, const char* path, void* context)
{
    mark_sdk_thread();
    auto& self = *static_cast<c_client*>(context);
    if (type == ZOO_SESSION_EVENT)
        return self.on_session_event(zh, state);
    const std::string where{path ? path : ""};
    if (type == ZOO_CREATED_EVENT)
        self.events_->on_watch(watch_event_type::created, where);
    else if (type == ZOO_DELETED_EVENT)
        self.events_->on_watch(watch_event_type::erased, where);
    else if (type == ZOO_CHANGED_EVENT)
        self.events_->on_watch(watch_event_type::changed, where);
    else if (type == ZOO_CHILD_EVENT)
        self.events_->on_watch(watch_event_type::children_changed, where);
}

void c_client::on_session_event(zhandle_t* zh, int state)
{
    if (state == ZOO_CONNECTED_STATE) {
        const auto* id = zoo_client_id(zh);
        session_identity identity;
        identity.id = id->client_id;
        identity.password.assign(id->passwd, sizeof id->passwd);
        client_log::relax();
        events_->on_connected(identity, std::chrono::milliseconds{zoo_recv_timeout(zh)});
    } else if (state == ZOO_EXPIRED_SESSION_STATE) {
        events_->on_expired();
    } else if (state == ZOO_AUTH_FAILED_STATE) {
        events_->on_auth_failed();
    } else {
        events_->on_disconnected();
    }
}

class c_transport_impl final : public transport {
public:
    std::shared_ptr<client> open(client_settings settings, std::shared_ptr<client_events> events) override
    {
        auto c = std::make_shared<c_client>(std::move(settings), std::move(events));
        c->start();
        return c;
    }
};

}  // namespace

std::shared_ptr<transport> c_transport()
{
    static const auto shared = std::make_shared<c_transport_impl>();
    return shared;
}

}  // namespace turnstile::inline v0::detail

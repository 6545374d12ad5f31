// A ZooKeeper server in memory: recipes are tested in milliseconds, and what a real server does once a month (a lost
// connection at the worst moment, an expiry, a freeze) happens on command.
//
//     testing::memory_server server;
//     session_options o;
//     o.transport = server.transport();
//
// Promise: the servers' semantics of nodes, versions, zxids, sequences, transactions, one-shot watches (missed events are
// told after a reconnect) and sessions. Not here: quotas, TTL, the enforcing of ACLs, read-only mode, and time: a session
// ends only when it is closed or a test calls `expire`.
//
// Everything that is under way is delivered by one thread, in order. A callback that blocks there blocks all clients.
// Thread-safe. Clients may outlive the server: for them it is then a server that is down for ever.
#pragma once

#include <turnstile/node.hpp>
#include <turnstile/operation.hpp>
#include <turnstile/testing/export.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace turnstile::inline v0 {

namespace detail {
class transport;
}

namespace testing {

class memory_core;

struct memory_server_options {
    /// What clients ask for is clamped to this: 2 and 20 ticks of 2 s, as on a server of default configuration.
    std::chrono::milliseconds session_timeout_min{4'000};
    std::chrono::milliseconds session_timeout_max{40'000};
    /// From the submission of an operation to its answer, half of it each way.
    std::chrono::microseconds round_trip{0};
    /// How long a client waits after a lost connection or a failed attempt before it tries (again).
    std::chrono::milliseconds reconnect_delay{1};

    memory_server_options() = default;
};

class TURNSTILE_TESTING_EXPORT memory_server {
public:
    memory_server();
    explicit memory_server(const memory_server_options& o);
    memory_server(const memory_server&) = delete;
    memory_server& operator=(const memory_server&) = delete;
    ~memory_server();

    /// What to give to session_options::transport. Every client that it opens talks to this server.
    std::shared_ptr<detail::transport> transport() const;

    // Sessions

    std::vector<std::int64_t> session_ids() const;
    /// Ends a session as the servers do when nothing is heard of it: its ephemerals go at once, its connection is cut, and
    /// its client learns of the expiry when it connects again. False when there is no such session. `outsider` may be
    /// expired.
    bool expire(std::int64_t session);
    void expire_all();

    // Connections

    /// Cuts the connection. The client reports it, its outstanding operations complete with errc::connection_loss, and it
    /// reconnects by itself. A request that was on its way is not executed; one whose answer was on its way has been.
    void disconnect(std::int64_t session);
    void disconnect_all();
    /// The same, but writes that were on their way are executed all the same, some time later; at the latest before the
    /// next write or sync of this session is. So it is when one server has passed them on and the client goes to another
    /// that has not heard of them yet: what the client reads there shows them only behind a sync.
    void disconnect_with_writes_under_way(std::int64_t session);
    /// While on, nobody gets in. Connections that are up stay.
    void refuse_connections(bool on);
    /// While on, clients with credentials are told that they are wrong.
    void refuse_credentials(bool on);

    /// The server freezes, as by SIGSTOP: what arrives is neither executed nor answered, and the connections stay up.
    void pause();
    void resume();
    /// While on, requests are executed and nothing is told: neither answers nor events.
    void hold_replies(bool on);

    // The hook

    /// Called before each operation is executed, on the delivery thread and without a lock: it may do to this server
    /// whatever it likes. When it cuts the connection of `session`, the operation is not executed. An empty function ends
    /// it.
    void on_operation(std::function<void(std::int64_t session, const operation& o)> hook);

    // The data, as another client sees and changes it. This outsider is slowed by nothing: it works on a paused server too.
    // What is refused throws turnstile::error.

    /// Owner of the ephemeral nodes that the outsider creates.
    static constexpr std::int64_t outsider = 1;

    bool exists(const std::string& path) const;
    std::string data(const std::string& path) const;
    turnstile::stat stat(const std::string& path) const;
    /// Names, sorted.
    std::vector<std::string> children(const std::string& path) const;
    /// Answers the path, with its sequence number. Parents that are missing are created.
    std::string create(const std::string& path, const std::string& data = {}, create_mode mode = create_mode::persistent);
    turnstile::stat set(const std::string& path, const std::string& data, std::int32_t version = any_version);
    void erase(const std::string& path, std::int32_t version = any_version);
    /// Any operation, with its answer. Watches are not left.
    outcome execute(const operation& o);

    /// Removes the containers that are empty and have not always been: a server does it once a minute. Answers how many.
    std::size_t reap_containers();
    /// The next sequential child of `parent` gets this number.
    void set_sequence(const std::string& parent, std::int32_t next);
    /// Watches that the server keeps for its connected clients (a node's and its children's count as two).
    std::size_t watch_count() const;
    std::int64_t last_zxid() const;

    /// A new, empty ensemble in the place of the old: no nodes, no sessions, and zxids start anew. As real servers do, it
    /// then turns away a client that has seen a later zxid than its own: such a client hears nothing, not even that its
    /// session has expired. With `keep_zxids` the zxids go on, and every client is told.
    void wipe(bool keep_zxids = false);

    /// For the kit's own parts.
    explicit memory_server(std::shared_ptr<memory_core> core) : core_{std::move(core)} {}

private:
    std::shared_ptr<memory_core> core_;
};

}  // namespace testing
}  // namespace turnstile::inline v0

// The seam: all that the SDK asks of a ZooKeeper client library. Above it are sessions, leases and recipes; below it stand
// libzookeeper (c_client.cpp), the in-memory server and the fault injector of the test kit, and whatever comes later.
//
// One `client` is ONE ZooKeeper session (or the attempt to get or to resume one): it never outlives an expiry.
// Paths are absolute and validated; the layer above adds the session's root.
#pragma once

#include <turnstile/operation.hpp>

#include "unique_function.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace spdlog {
class logger;
}

namespace turnstile::inline v0::detail {

/// Enough to resume a ZooKeeper session on another connection. The password is a secret: never logged.
struct session_identity {
    std::int64_t id = 0;
    std::string password;

    session_identity() = default;
};

/// What a client tells, on a thread of its own. Calls never overlap, and stand in wire order with completions.
/// The receiver must only note and post: what blocks here blocks the connection.
class client_events {
public:
    virtual void on_connected(const session_identity& identity, std::chrono::milliseconds negotiated_timeout) = 0;
    virtual void on_disconnected() = 0;
    virtual void on_expired() = 0;
    virtual void on_auth_failed() = 0;
    /// A one-shot watch fired. `path` is the client's: with the root.
    virtual void on_watch(watch_event_type type, const std::string& path) = 0;

protected:
    ~client_events() = default;
};

using completion = unique_function<void(outcome)>;

class client {
public:
    virtual ~client() = default;

    /// Sends one operation, or says at once why not: then there is no completion. Accepted operations complete exactly once,
    /// on the client's thread, whatever becomes of the session; those of one caller are executed in the order of submission.
    /// Call it only between on_connected and on_disconnected.
    ///
    /// Watches: an operation with `watch` set reports by on_watch, after its own completion.
    virtual error_code submit(const operation& o, completion done) = 0;

    /// Ends the session on the server if it is still alive (`end_session`), or only lets go of it, so that another client
    /// can resume it. Then completes everything outstanding with errc::closing, calls `closed`, and calls nothing any more.
    /// Does not block. Call it once. libzookeeper cannot
    /// let go while it is connected: there the session always ends.
    virtual void close(bool end_session, unique_function<void()> closed) = 0;
};

/// All that is needed to open a client.
struct client_settings {
    std::string servers;
    std::chrono::milliseconds session_timeout{};
    session_identity resume;  ///< id 0: a new session
    std::string auth_scheme;  ///< empty: none
    std::string auth_secret;  ///< "user:password" of digest
    std::shared_ptr<spdlog::logger> log;

    client_settings() = default;
};

/// Makes clients. `open` returns at once and reports by events, which may come before it has returned.
class transport {
public:
    virtual ~transport() = default;
    virtual std::shared_ptr<client> open(client_settings settings, std::shared_ptr<client_events> events) = 0;
};

/// The one on libzookeeper_mt.
std::shared_ptr<transport> c_transport();

}  // namespace turnstile::inline v0::detail

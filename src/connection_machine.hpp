// The life of a session's connection as a pure function: (state, event) -> (state, actions). Time, threads and ZooKeeper are
// the shell's business (session_core).
#pragma once

#include <turnstile/connection_state.hpp>

namespace turnstile::inline v0::detail {

enum class connection_event {
    connected_same,  ///< connected, and it is the ZooKeeper session that we had
    connected_anew,  ///< connected, with a new ZooKeeper session
    disconnected,    ///< also: the client could not be opened
    expired,
    auth_failed,
    stale,  ///< no connection for so long that it will not come back by itself
    retry_due,
    close_requested,
};

/// What the shell has to do, in this order.
struct connection_actions {
    bool end_epoch = false;      ///< its leases, watches and bound operations are over
    bool retire_client = false;  ///< let the present client go
    bool begin_epoch = false;
    bool open_client = false;
    bool flush = false;        ///< send what has been waiting
    bool fail_queued = false;  ///< nothing will ever be sent again
    bool arm_retry = false;    ///< `retry_due` after a back-off
    bool arm_stale = false;    ///< `stale` after a while, unless connected before

    connection_actions() = default;
    friend bool operator==(const connection_actions&, const connection_actions&) = default;
};

struct connection_step {
    connection_state state;
    connection_actions actions;

    friend bool operator==(const connection_step&, const connection_step&) = default;
};

connection_step next(connection_state state, connection_event event) noexcept;

}  // namespace turnstile::inline v0::detail

// Where a session stands with its ensemble.
#pragma once

#include <turnstile/export.hpp>

#include <cstdint>
#include <string_view>

namespace turnstile::inline v0 {

enum class connection_state {
    connecting,   ///< no ZooKeeper session yet (at the start, or after the previous one was lost)
    connected,    ///< operations go out
    suspended,    ///< the connection is gone; the ZooKeeper session may still live. Holdings are suspect
    lost,         ///< the ZooKeeper session is over, and with it every ephemeral znode. A new epoch begins by itself
    auth_failed,  ///< the servers refused the credentials; the session gives up
    closed,
};

TURNSTILE_EXPORT std::string_view to_string(connection_state s) noexcept;

/// Counts the ZooKeeper sessions that one `turnstile::session` has had, from 1. What was created or held in one epoch is
/// worth nothing in the next.
enum class epoch : std::uint32_t { none = 0 };

}  // namespace turnstile::inline v0

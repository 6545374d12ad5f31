// How a session talks to its ensemble, and the limits that keep both alive. Every default is argued where it stands.
#pragma once

#include <turnstile/export.hpp>
#include <turnstile/node.hpp>

#include <spdlog/fwd.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace turnstile::inline v0 {

namespace detail {
class transport;
}

struct session_options {
    /// "host:port,host:port". Names are resolved by the SDK whenever it (re)opens a connection; the port defaults to 2181.
    std::string servers = "127.0.0.1:2181";

    /// Every path of this session lies under this one: the application's own tree. Created with the first connection.
    std::string root = "/";

    /// What to ask for; the servers answer with 2 to 20 of their ticks. A holder that dies blocks its line for so long, and
    /// one that is cut off stops believing after two thirds of it.
    std::chrono::milliseconds session_timeout{10'000};

    /// The deadline of an operation that is given none. Longer than a fail-over to another server, shorter than a user
    /// waits.
    std::chrono::milliseconds operation_timeout{15'000};

    /// Digest credentials, "user:password"; empty: none. Never logged, and overwritten when the session goes.
    std::string digest;

    /// For nodes that are created without an ACL of their own. Left alone it means creator_all with credentials; without,
    /// it means world_anyone, and the session says so in its log.
    acl default_acl;

    /// Nothing is logged unless a logger is given.
    std::shared_ptr<spdlog::logger> log;

    /// Tells people who stands in a line: kept in the contender's node. At most 200 bytes.
    std::string label;

    /// Where the session keeps its own node (one small ephemeral, from the first long holding or wait to its end), under the
    /// root.
    std::string members = "/turnstile/members";

    /// Added to every fencing token. Tokens are ZooKeeper's transaction ids, which begin anew when an ensemble is rebuilt or
    /// restored from an old backup: then raise this, in all services alike, above the highest token that was ever handed
    /// out.
    std::int64_t fence_base = 0;

    /// How long to wait before connecting anew after the session was lost or could not be opened: doubled from min to max,
    /// jittered, so that a thousand clients do not come back in the same instant.
    std::chrono::milliseconds retry_delay_min{50};
    std::chrono::milliseconds retry_delay_max{5'000};

    /// Sent and unanswered. libzookeeper closes its socket at 65,536 submissions while its I/O thread is stalled.
    std::size_t in_flight_max = 8'192;
    /// Waiting to be sent; beyond it operations are refused with errc::too_many_operations.
    std::size_t queued_max = 65'536;
    /// Places in keyed lines (those of lanes), and releases of them, that may share one transaction when many are asked for
    /// at once (see docs/performance.md); 1: none do.
    std::size_t group_max = 64;
    /// Data of one operation. The servers' default jute.maxbuffer is 1 MiB for the whole packet, and a larger one is
    /// answered by a lost connection.
    std::size_t payload_max = 1'000'000;
    /// Bytes of path of live watches. libzookeeper re-registers them all in one packet after a reconnect.
    std::size_t watch_bytes_max = std::size_t{768} * 1024;
    /// Bytes of path of live ephemerals: closing a session that owns 2 MiB of them kills the ensemble (ZOOKEEPER-4306).
    std::size_t ephemeral_bytes_max = std::size_t{256} * 1024;

    /// For tests: another transport than libzookeeper (see turnstile/testing).
    std::shared_ptr<detail::transport> transport;

    session_options() = default;
    explicit session_options(std::string servers_) : servers{std::move(servers_)} {}
};

}  // namespace turnstile::inline v0

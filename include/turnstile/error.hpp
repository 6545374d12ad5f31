// What can go wrong, in three kinds.
//
//   user errors      the call could never have worked (a bad path, a payload over the limit): refused before anything is
//                    sent, never worth a retry;
//   world errors     the ensemble, the network or another client said no, or did not answer;
//   programmer errors asserted in debug builds.
//
// Ask conditions, not codes: `in_doubt(ec)`, `session_over(ec)`, `precondition_failed(ec)`, `user_error(ec)` stay true when
// codes are added. A cancelled operation ends with `boost::asio::error::operation_aborted`, as everywhere in Asio.
#pragma once

#include <turnstile/export.hpp>

#include <boost/system/error_code.hpp>
#include <boost/system/system_error.hpp>

#include <string>
#include <string_view>

namespace turnstile::inline v0 {

using boost::system::error_code;

enum class errc {
    // World: sent, and no answer came. The operation may or may not have happened.
    connection_loss = 1,  ///< the connection went while the operation was under way
    operation_timeout,    ///< the server has been silent for two thirds of the session timeout
    session_moved,        ///< the session had moved to another server
    closing,              ///< the session was closed under the operation
    deadline_exceeded,    ///< sent, but the caller's deadline passed before the answer

    // World: the ZooKeeper session is over; its ephemeral znodes are gone or going.
    session_expired,
    auth_failed,
    session_closed,  ///< not sent: the session is closed

    // World: certainly not executed.
    not_connected,  ///< no connection within the deadline: nothing was sent
    throttled,      ///< the server asked to come again later

    // World: executed by the server, and refused.
    no_node,
    node_exists,
    bad_version,
    not_empty,
    no_children_for_ephemerals,
    no_auth,
    invalid_acl,
    quota_exceeded,
    read_only_server,
    unsupported_by_server,  ///< for example TTL znodes where the servers have extended types off
    rolled_back,            ///< an operation of a transaction that failed because of another one
    server_error,           ///< anything else that a server answers

    // User: refused before anything was sent.
    bad_path,
    bad_argument,
    too_large,            ///< more than the servers' jute.maxbuffer takes
    too_many_operations,  ///< the session's queue of unsent operations is full
    too_many_watches,     ///< more watches than one reconnect can carry
    too_many_ephemerals,  ///< more ephemeral path bytes than the servers survive (ZOOKEEPER-4306)
    forked,               ///< the session belongs to the parent process
    would_deadlock,       ///< this wait could never end

    // Recipes.
    timed_out,           ///< the deadline passed before our turn came; nothing is left behind
    lost,                ///< the holding was lost: somebody else may hold it now
    not_held,            ///< there is nothing (any more) to release
    sequence_exhausted,  ///< the parent's 31-bit creation counter is used up; remove the empty parent to reset it
    maximum_mismatch,    ///< the semaphore has another maximum than the caller's, or none, or one that can never suffice
    kind_mismatch,       ///< another service has registered the kind of resource with other fields or another policy
    refused,             ///< turned away, for now: too many wait, or ours would be too long a wait
    fenced,              ///< a newer turn has entered the row: this one must not write any more
};

TURNSTILE_EXPORT const boost::system::error_category& error_category() noexcept;

inline error_code make_error_code(errc e) noexcept { return {static_cast<int>(e), error_category()}; }

/// The operation may or may not have been executed. Recipes never let this out: they find out.
TURNSTILE_EXPORT bool in_doubt(const error_code& ec) noexcept;

/// The ZooKeeper session has ended. What was held in it is lost; a new epoch of the same `session` may already be up.
TURNSTILE_EXPORT bool session_over(const error_code& ec) noexcept;

/// The server executed the request and its condition did not hold (no node, node exists, wrong version, not empty …).
TURNSTILE_EXPORT bool precondition_failed(const error_code& ec) noexcept;

/// The call itself was wrong; nothing was sent, and trying again will not help.
TURNSTILE_EXPORT bool user_error(const error_code& ec) noexcept;

/// The caller cancelled the operation. (It may have been sent, so what it did is in doubt as well.)
TURNSTILE_EXPORT bool cancelled(const error_code& ec) noexcept;

/// The one exception type of the SDK: the code, and which verb failed on which path.
class TURNSTILE_EXPORT error : public boost::system::system_error {
public:
    error(const error_code& ec, std::string_view verb, std::string_view path, std::string_view detail = {});

    const std::string& verb() const noexcept { return verb_; }
    const std::string& path() const noexcept { return path_; }

private:
    std::string verb_;
    std::string path_;
};

}  // namespace turnstile::inline v0

template <>
struct boost::system::is_error_code_enum<turnstile::errc> : std::true_type {
};

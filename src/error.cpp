#include <turnstile/error.hpp>

#include <boost/asio/error.hpp>

namespace turnstile::inline v0 {

namespace {

const char* describe(errc e) noexcept
{
    switch (e) {
        case errc::connection_loss:
            return "the connection was lost while the operation was under way: it may or may not have happened";
        case errc::operation_timeout:
            return "the server fell silent: the operation may or may not have happened";
        case errc::session_moved:
            return "the session has moved to another server";
        case errc::closing:
            return "the session was closed under the operation: it may or may not have happened";
        case errc::deadline_exceeded:
            return "no answer within the deadline: the operation may or may not have happened";
        case errc::session_expired:
            return "the ZooKeeper session has expired";
        case errc::auth_failed:
            return "the servers refused the credentials";
        case errc::session_closed:
            return "the session is closed";
        case errc::not_connected:
            return "no connection within the deadline: nothing was sent";
        case errc::throttled:
            return "the server is overloaded and did not execute the operation";
        case errc::no_node:
            return "no such node";
        case errc::node_exists:
            return "the node exists already";
        case errc::bad_version:
            return "the node has another version";
        case errc::not_empty:
            return "the node has children";
        case errc::no_children_for_ephemerals:
            return "an ephemeral node cannot have children";
        case errc::no_auth:
            return "not permitted by the node's ACL";
        case errc::invalid_acl:
            return "the servers do not accept this ACL";
        case errc::quota_exceeded:
            return "over the quota of this path";
        case errc::read_only_server:
            return "this server is cut off from the ensemble and takes no writes";
        case errc::unsupported_by_server:
            return "the servers do not support this operation";
        case errc::rolled_back:
            return "not done, because another step of the transaction failed";
        case errc::server_error:
            return "the server reported an error";
        case errc::bad_path:
            return "not a valid path";
        case errc::bad_argument:
            return "not a valid argument";
        case errc::too_large:
            return "larger than the servers take";
        case errc::too_many_operations:
            return "too many operations are waiting to be sent";
        case errc::too_many_watches:
            return "too many live watches for one session";
        case errc::too_many_ephemerals:
            return "too many live ephemeral nodes for one session";
        case errc::forked:
            return "the session belongs to the parent process; open a new one after fork";
        case errc::would_deadlock:
            return "this wait could never end";
        case errc::timed_out:
            return "the deadline passed before our turn came; nothing is left behind";
        case errc::lost:
            return "the lock was lost: somebody else may hold it";
        case errc::not_held:
            return "not held";
        case errc::sequence_exhausted:
            return "the directory's sequence numbers are used up: remove the directory when it is empty";
        case errc::maximum_mismatch:
            return "the semaphore's maximum is not what the caller takes it to be";
        case errc::kind_mismatch:
            return "another service has registered this kind of resource otherwise";
        case errc::refused:
            return "turned away: come again later";
        case errc::fenced:
            return "a newer turn has begun: nothing more may be written in this one";
    }
    return "unknown error";
}

class category_impl final : public boost::system::error_category {
public:
    const char* name() const noexcept override { return "turnstile"; }
    std::string message(int value) const override { return describe(static_cast<errc>(value)); }
};

bool is_ours(const error_code& ec) noexcept { return ec.category() == error_category(); }

std::string sentence(std::string_view verb, std::string_view path, std::string_view detail)
{
    std::string s{verb};
    if (!path.empty())
        s.append(" ").append(path);
    if (!detail.empty())
        s.append(" (").append(detail).append(")");
    return s;
}

}  // namespace

const boost::system::error_category& error_category() noexcept
{
    static const category_impl category;
    return category;
}

bool in_doubt(const error_code& ec) noexcept
{
    if (cancelled(ec))
        return true;
    if (!is_ours(ec))
        return false;
    switch (static_cast<errc>(ec.value())) {
        case errc::connection_loss:
        case errc::operation_timeout:
        case errc::session_moved:
        case errc::closing:
        case errc::deadline_exceeded:
            return true;
        default:
            return false;
    }
}

bool session_over(const error_code& ec) noexcept
{
    return ec == errc::session_expired || ec == errc::auth_failed || ec == errc::session_closed;
}

bool precondition_failed(const error_code& ec) noexcept
{
    if (!is_ours(ec))
        return false;
    switch (static_cast<errc>(ec.value())) {
        case errc::no_node:
        case errc::node_exists:
        case errc::bad_version:
        case errc::not_empty:
        case errc::no_children_for_ephemerals:
        case errc::rolled_back:
            return true;
        default:
            return false;
    }
}

bool user_error(const error_code& ec) noexcept
{
    return is_ours(ec) && ec.value() >= static_cast<int>(errc::bad_path) &&
           ec.value() <= static_cast<int>(errc::would_deadlock);
}

bool cancelled(const error_code& ec) noexcept { return ec == boost::asio::error::operation_aborted; }

error::error(const error_code& ec, std::string_view verb, std::string_view path, std::string_view detail)
    : boost::system::system_error{ec, sentence(verb, path, detail)}, verb_{verb}, path_{path}
{
}

}  // namespace turnstile::inline v0

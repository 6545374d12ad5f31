#include "session_setup.hpp"

#include <turnstile/error.hpp>
#include <turnstile/path.hpp>

#include "client.hpp"

#include <spdlog/sinks/null_sink.h>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace turnstile::inline v0::detail {

using namespace std::chrono_literals;

session_options completed(session_options o)
{
    if (!o.log)
        o.log = std::make_shared<spdlog::logger>("turnstile", std::make_shared<spdlog::sinks::null_sink_mt>());
    if (!o.transport)
        o.transport = c_transport();
    if (o.default_acl.is_session_default()) {
        if (o.digest.empty())
            SPDLOG_LOGGER_WARN(o.log, "no credentials and no ACL given: nodes are created open to anybody (world:anyone)");
        o.default_acl = o.digest.empty() ? acl::world_anyone() : acl::creator_all();
    }
    o.retry_delay_min = std::max(o.retry_delay_min, 1ms);
    o.retry_delay_max = std::max(o.retry_delay_max, o.retry_delay_min);
    return o;
}

void check_options(const session_options& o)
{
    const auto refuse = [](errc why, std::string_view field, std::string_view limit) {
        throw error{why, "session::open", field, limit};
    };
    if (o.servers.empty())
        refuse(errc::bad_argument, "servers", "empty");
    if (o.servers.find('/') != std::string::npos)
        refuse(errc::bad_argument, "servers", "a path is given by session_options::root");
    if (check_path(o.root))
        refuse(errc::bad_path, o.root, "session_options::root");
    if (check_path(o.members))
        refuse(errc::bad_path, o.members, "session_options::members");
    if (o.session_timeout < 20ms || o.session_timeout > 24h)
        refuse(errc::bad_argument, "session_timeout", "20 ms to 24 h");
    if (o.operation_timeout <= 0ms)
        refuse(errc::bad_argument, "operation_timeout", "more than 0");
    if (o.label.size() > 200)
        refuse(errc::bad_argument, "label", "at most 200 bytes");
    if (!o.digest.empty() && o.digest.find(':') == std::string::npos)
        refuse(errc::bad_argument, "digest", "user:password");
    if (o.in_flight_max == 0 || o.in_flight_max > 32'768)
        refuse(errc::bad_argument, "in_flight_max", "1 to 32768");
}

}  // namespace turnstile::inline v0::detail

#include "rabbitmq_node.hpp"

#include "interrupt.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <system_error>
#include <vector>

namespace orderdesk {

namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

// Not Debian's /usr/sbin/rabbitmq-server, which changes to the user of the machine's RabbitMQ.
constexpr auto server_program = "/usr/lib/rabbitmq/bin/rabbitmq-server";
constexpr auto mapper_program = "/usr/bin/epmd";
constexpr auto env_program = "/usr/bin/env";
constexpr auto start_patience = 90s;
constexpr auto starts = 3;
constexpr std::size_t log_tail = 3000;

/// Bound to a port that the kernel has chosen, so that the next one gets another.
class taken_port {
public:
    taken_port() : socket_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)}
    {
        socklen_t size = sizeof address_;
        address_.sin_family = AF_INET;
        address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        auto* any = reinterpret_cast<sockaddr*>(&address_);  // NOLINT(*-reinterpret-cast)
        if (::bind(socket_, any, size) != 0 || ::getsockname(socket_, any, &size) != 0)
            throw std::system_error{errno, std::generic_category(), "a free port of 127.0.0.1"};
    }
    taken_port(const taken_port&) = delete;
    taken_port& operator=(const taken_port&) = delete;
    ~taken_port() { ::close(socket_); }

    port_number number() const { return ntohs(address_.sin_port); }

private:
    int socket_;
    sockaddr_in address_{};
};

std::string contents(const fs::path& file)
{
    std::ifstream in{file};
    return {std::istreambuf_iterator<char>{in}, {}};
}

}  // namespace

std::string rabbitmq_node::missing()
{
    return fs::exists(server_program) && fs::exists(mapper_program)
               ? ""
               : "RabbitMQ is not installed; on Debian: apt-get install rabbitmq-server";
}

rabbitmq_node::ports rabbitmq_node::free_ports()
{
    const taken_port a;
    const taken_port b;
    const taken_port c;
    return {a.number(), b.number(), c.number()};
}

rabbitmq_node::rabbitmq_node()
{
    if (const auto why = missing(); !why.empty())
        throw std::runtime_error{why};
    try {
        // Somebody may have been faster at a port: then on others.
        for (int left = starts; left > 0; --left) {
            ports_ = free_ports();
            start();
            wait_until(
                "RabbitMQ serves", [&] { return !node_->running() || log().find("Server startup complete") != log().npos; },
                start_patience);
            if (node_->running())
                return;
        }
        const auto said = log();
        throw std::runtime_error{"RabbitMQ did not start:\n" + said.substr(said.size() - std::min(said.size(), log_tail))};
    } catch (...) {
        stop();
        throw;
    }
}

rabbitmq_node::~rabbitmq_node() { stop(); }

/// Nothing is inherited that could lead to another RabbitMQ, and all files of configuration are ours, or not there. The
/// script becomes the node (RUNNING_UNDER_SYSTEMD), so that it is our child; and the port mapper is one, because a node that
/// starts it leaves it behind.
void rabbitmq_node::start()
{
    stop();
    dir_.emplace("orderdesk-rabbitmq");
    const auto& dir = dir_->path();
    std::ofstream{dir / "plugins"} << "[].\n";
    std::ofstream{dir / "rabbitmq.conf"} << "disk_free_limit.absolute = 1MB\n";
    const std::vector<std::string> surroundings{"-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=" + dir.string(),
                                                "ERL_EPMD_ADDRESS=127.0.0.1",
                                                "ERL_EPMD_PORT=" + std::to_string(ports_.mapper)};

    auto mapper = surroundings;
    mapper.emplace_back(mapper_program);
    mapper_.emplace("epmd", env_program, mapper, dir / "epmd.out", dir / "epmd.log");

    auto node = surroundings;
    node.insert(
        node.end(),
        {"RUNNING_UNDER_SYSTEMD=true", "RABBITMQ_NODENAME=orderdesk-" + std::to_string(::getpid()) + "@localhost",
         "RABBITMQ_NODE_IP_ADDRESS=127.0.0.1", "RABBITMQ_NODE_PORT=" + std::to_string(ports_.amqp),
         "RABBITMQ_DIST_PORT=" + std::to_string(ports_.nodes), "RABBITMQ_CONF_ENV_FILE=" + (dir / "none").string(),
         "RABBITMQ_CONFIG_FILE=" + (dir / "rabbitmq.conf").string(),
         "RABBITMQ_ADVANCED_CONFIG_FILE=" + (dir / "none.config").string(),
         "RABBITMQ_GENERATED_CONFIG_DIR=" + (dir / "config").string(), "RABBITMQ_SCHEMA_DIR=" + (dir / "schema").string(),
         "RABBITMQ_ENABLED_PLUGINS_FILE=" + (dir / "plugins").string(), "RABBITMQ_MNESIA_BASE=" + (dir / "data").string(),
         "RABBITMQ_LOG_BASE=" + (dir / "log").string(), "RABBITMQ_LOGS=-",
         "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=+B i -start_epmd false -kernel inet_dist_use_interface "
         "{127,0,0,1}",
         server_program});
    node_.emplace("rabbitmq", env_program, node, dir / "node.out", dir / "node.log");
}

/// There is nothing to keep, so it need not leave in good order: that takes seconds.
void rabbitmq_node::stop()
{
    for (auto* one : {&node_, &mapper_}) {
        if (*one)
            (*one)->send(SIGKILL);
        one->reset();
    }
    dir_.reset();
}

std::string rabbitmq_node::log() const { return contents(dir_->path() / "node.out") + contents(dir_->path() / "node.log"); }

}  // namespace orderdesk

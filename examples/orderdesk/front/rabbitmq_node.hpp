// A RabbitMQ of our own: on free ports of 127.0.0.1, with its own name, cookie, directory (in $TMPDIR) and Erlang port
// mapper, and without plugins. It shares nothing with a RabbitMQ that the machine may run.
//
// Promise: node and port mapper end with this object, and also when this program crashes or is killed. (The directory is
// then left behind.) Costs: up after five to twenty seconds.
#pragma once

#include "child.hpp"
#include "desk/wire.hpp"

#include <turnstile/testing/temporary_directory.hpp>

#include <optional>
#include <string>

namespace orderdesk {

class rabbitmq_node {
public:
    /// Why there can be none on this machine, with the name of the Debian package; empty: there can.
    static std::string missing();

    /// Returns when the node serves. Throws std::runtime_error with `missing`, or with the end of the node's log;
    /// interrupted.
    rabbitmq_node();
    rabbitmq_node(const rabbitmq_node&) = delete;
    rabbitmq_node& operator=(const rabbitmq_node&) = delete;
    ~rabbitmq_node();

    port_number port() const noexcept { return ports_.amqp; }

private:
    struct ports {
        port_number amqp, nodes, mapper;
    };

    static ports free_ports();
    void start();
    void stop();
    std::string log() const;

    std::optional<turnstile::testing::temporary_directory> dir_;
    ports ports_{};
    std::optional<child> mapper_;
    std::optional<child> node_;
};

}  // namespace orderdesk

// Through which broker the messages go: for each act a queue in a table, or a queue of a RabbitMQ of our own that ends with
// this program.
#pragma once

#include "rabbitmq_node.hpp"

#include <filesystem>
#include <optional>
#include <string>

namespace orderdesk {

class message_brokers {
public:
    /// Throws std::runtime_error that names the Debian package when there is no RabbitMQ, or no library to talk to it.
    explicit message_brokers(bool rabbitmq);

    /// A new queue, empty, for the act that plays in `dir`: what open_broker() takes.
    std::string make_for(const std::filesystem::path& dir) const;
    static std::filesystem::path book_in(const std::filesystem::path& dir) { return dir / "broker.db"; }

private:
    std::optional<rabbitmq_node> node_;
};

}  // namespace orderdesk

// RabbitMQ as the broker: a durable queue, persistent messages, confirmed one by one; acknowledged by hand. What a consumer
// has received and not acknowledged comes again when its connection ends, and not before: RabbitMQ knows no "too slow" (or
// only after half an hour). So who lives and does not acknowledge has to give back.
//
// The broker's flag "redelivered" is not looked at: it is also set for a message that nobody has ever seen, and says nothing
// of the copy that the producer sent twice.
#pragma once

#include "broker.hpp"
#include "wire.hpp"

#include <filesystem>
#include <memory>
#include <string>

namespace orderdesk {

/// Why this program cannot talk to RabbitMQ, with the name of the Debian package; empty: it can.
std::string rabbitmq_library_missing();

/// A queue of the RabbitMQ that listens on this port of 127.0.0.1: what open_broker() takes.
std::string rabbitmq_address(port_number port, const std::string& queue);

/// Throws std::runtime_error, as all its verbs do, when there is none, or it does not answer as it should.
std::unique_ptr<broker> open_rabbitmq(const std::string& address, const std::filesystem::path& book);

}  // namespace orderdesk

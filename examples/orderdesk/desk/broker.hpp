// What producers and consumers see of a message broker. Two are behind it: a queue in a table, which is always there
// (table_broker.hpp), and RabbitMQ (rabbitmq_broker.hpp). Both deliver at least once: what is received and not acknowledged
// comes again. And a producer that gets no confirmation sends again; then the queue has the message twice.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace orderdesk {

/// A message, as its producer made it.
struct letter {
    std::string id;  ///< of what it tells, not of the sending: sent again, it is the same
    std::string body;
    std::int64_t sent_us = 0;  ///< by the wall clock
};

struct delivered_letter {
    std::int64_t tag = 0;  ///< of this copy, for acknowledge()
    std::int64_t times = 0;
    letter what;
};

/// One thread at a time.
class broker {
public:
    broker() = default;
    broker(const broker&) = delete;
    broker& operator=(const broker&) = delete;
    virtual ~broker() = default;

    /// Returns when the broker has it.
    virtual void send(const letter& l) = 0;
    /// What is there, without waiting for it.
    virtual std::vector<delivered_letter> receive(int at_most) = 0;
    virtual void acknowledge(std::int64_t tag) = 0;
    /// Nobody sees it for so long, if we live that long; then it is delivered again.
    virtual void give_back(std::int64_t tag, std::chrono::milliseconds after) = 0;

    virtual int unacknowledged() = 0;
};

/// `where`: "table", or what `rabbitmq_address` says. `book`: see delivery_book.hpp; with "table", the queue itself.
std::unique_ptr<broker> open_broker(const std::string& where, const std::filesystem::path& book,
                                    std::chrono::milliseconds invisible);

}  // namespace orderdesk

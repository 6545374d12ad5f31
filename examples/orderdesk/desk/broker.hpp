// A message broker, as little of one as it takes to deliver at least once: a queue in a table. What a consumer has received
// is invisible to others for a while; what it has not acknowledged by then is delivered again, also when its consumer lives
// and is only slow. A producer that got no confirmation sends again, and then the queue has the message twice.
#pragma once

#include "database.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
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

class broker {
public:
    static void make(const std::filesystem::path& file);
    explicit broker(const std::filesystem::path& file);

    void send(const letter& l);
    std::vector<delivered_letter> receive(int at_most, std::chrono::milliseconds invisible);
    void acknowledge(std::int64_t tag);
    /// Nobody sees it for so long; then it is delivered again.
    void give_back(std::int64_t tag, std::chrono::milliseconds after);

    int unacknowledged();

private:
    database db_;
};

}  // namespace orderdesk

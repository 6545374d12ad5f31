// A message broker, as little of one as it takes to deliver at least once: a queue in a table. What a consumer has received
// is invisible to others for a while; what it has not acknowledged by then is delivered again, also when its consumer lives
// and is only slow.
#pragma once

#include "broker.hpp"
#include "database.hpp"
#include "delivery_book.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <vector>

namespace orderdesk {

class table_broker final : public broker {
public:
    /// `file`: made by delivery_book::make().
    table_broker(const std::filesystem::path& file, std::chrono::milliseconds invisible);

    void send(const letter& l) override;
    std::vector<delivered_letter> receive(int at_most) override;
    void acknowledge(std::int64_t tag) override;
    void give_back(std::int64_t tag, std::chrono::milliseconds after) override;
    int unacknowledged() override;

private:
    delivery_book book_;
    database db_;
    std::chrono::milliseconds invisible_;
};

}  // namespace orderdesk

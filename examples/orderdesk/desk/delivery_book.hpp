// What was sent, how often each copy was delivered, and what was acknowledged: for the judge, who asks no broker. The
// embedded broker's queue is this table itself. Beside RabbitMQ it is written by those who send and receive.
#pragma once

#include "broker.hpp"
#include "database.hpp"

#include <cstdint>
#include <filesystem>

namespace orderdesk {

class delivery_book {
public:
    static void make(const std::filesystem::path& file);
    explicit delivery_book(const std::filesystem::path& file);

    /// A copy that is about to be sent; its tag.
    std::int64_t enter(const letter& l);
    /// The copy is here, for the how-manieth time? If it was noted as done, it was not.
    std::int64_t delivered(std::int64_t tag);
    void done(std::int64_t tag);

    int unfinished();

private:
    database db_;
};

}  // namespace orderdesk

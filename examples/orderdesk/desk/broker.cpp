#include "broker.hpp"

#include "rabbitmq_broker.hpp"
#include "table_broker.hpp"

namespace orderdesk {

std::unique_ptr<broker> open_broker(const std::string& where, const std::filesystem::path& book,
                                    std::chrono::milliseconds invisible)
{
    if (where == "table")
        return std::make_unique<table_broker>(book, invisible);
    return open_rabbitmq(where, book);
}

}  // namespace orderdesk

#include "message_brokers.hpp"

#include "desk/delivery_book.hpp"
#include "desk/rabbitmq_broker.hpp"

#include <stdexcept>

namespace orderdesk {

message_brokers::message_brokers(bool rabbitmq)
{
    if (!rabbitmq)
        return;
    if (const auto why = rabbitmq_library_missing(); !why.empty())
        throw std::runtime_error{why};
    node_.emplace();
}

std::string message_brokers::make_for(const std::filesystem::path& dir) const
{
    delivery_book::make(book_in(dir));
    return node_ ? rabbitmq_address(node_->port(), dir.filename().string()) : "table";
}

}  // namespace orderdesk

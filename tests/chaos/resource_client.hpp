// A caller's line to the resource that the locks protect.
#pragma once

#include <turnstile/testing/history.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <string>

namespace turnstile::chaos {

class resource_client {
public:
    resource_client(boost::asio::io_context& context, const std::string& socket);

    /// Whether the resource accepted it.
    boost::asio::awaitable<bool> apply(testing::history_event effect);

private:
    boost::asio::local::stream_protocol::socket socket_;
};

}  // namespace turnstile::chaos

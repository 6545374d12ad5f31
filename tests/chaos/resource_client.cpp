#include "resource_client.hpp"

#include <boost/asio/read.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace turnstile::chaos {

namespace asio = boost::asio;

resource_client::resource_client(asio::io_context& context, const std::string& socket) : socket_{context}
{
    socket_.connect(asio::local::stream_protocol::endpoint{socket});
}

asio::awaitable<bool> resource_client::apply(testing::history_event effect)
{
    const std::string line = testing::to_line(effect) + "\n";
    co_await asio::async_write(socket_, asio::buffer(line), asio::use_awaitable);
    char answer = 0;
    co_await asio::async_read(socket_, asio::buffer(&answer, 1), asio::use_awaitable);
    co_return answer == '1';
}

}  // namespace turnstile::chaos

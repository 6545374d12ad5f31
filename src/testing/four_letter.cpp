#include "four_letter.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

namespace turnstile::inline v0::testing {

namespace asio = boost::asio;

std::optional<std::string> four_letter_word(std::uint16_t port, std::string_view word, std::chrono::milliseconds patience)
{
    asio::io_context io;
    asio::ip::tcp::socket socket{io};
    std::string answer;
    bool complete = false;

    const auto on_read = [&](const boost::system::error_code& ec, std::size_t) { complete = ec == asio::error::eof; };
    const auto on_written = [&](const boost::system::error_code& ec, std::size_t) {
        if (!ec)
            asio::async_read(socket, asio::dynamic_buffer(answer), on_read);
    };
    const auto on_connected = [&](const boost::system::error_code& ec) {
        if (!ec)
            asio::async_write(socket, asio::buffer(word), on_written);
    };
    socket.async_connect({asio::ip::address_v4::loopback(), port}, on_connected);
    io.run_for(patience);

    if (!complete)
        return std::nullopt;
    return answer;
}

}  // namespace turnstile::inline v0::testing

#include "four_letter.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <charconv>

namespace turnstile::inline v0::testing {

namespace asio = boost::asio;

namespace {

/// What stands behind `name` and `separator` in the first line that begins so.
std::optional<std::string_view> behind(std::string_view report, std::string_view name, std::string_view separator)
{
    while (!report.empty()) {
        const auto line = report.substr(0, report.find('\n'));
        report.remove_prefix(std::min(line.size() + 1, report.size()));
        if (line.starts_with(name) && line.substr(name.size()).starts_with(separator))
            return line.substr(name.size() + separator.size());
    }
    return std::nullopt;
}

}  // namespace

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

std::optional<std::int64_t> number_in(std::string_view report, std::string_view name)
{
    const auto digits = behind(report, name, "\t");
    std::int64_t value = 0;
    if (!digits || std::from_chars(digits->data(), digits->data() + digits->size(), value).ec != std::errc{})
        return std::nullopt;
    return value;
}

std::optional<std::string> text_in(std::string_view report, std::string_view name)
{
    const auto text = behind(report, name, ": ");
    return text ? std::optional{std::string{*text}} : std::nullopt;
}

}  // namespace turnstile::inline v0::testing

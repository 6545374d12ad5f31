// A port of 127.0.0.1 whose connections are forwarded to a server, by rules. Lives on its loop's thread: all members but
// port() are called there, and it outlives the loop's last run.
#pragma once

#include "proxied_connection.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cstdint>
#include <memory>
#include <vector>

namespace turnstile::inline v0::testing {

class relay {
public:
    using tcp = boost::asio::ip::tcp;

    /// Listens at once; before the loop runs, any thread may do so.
    relay(boost::asio::io_context& loop, tcp::endpoint server, traffic_rules rules = {});
    relay(const relay&) = delete;
    relay& operator=(const relay&) = delete;
    ~relay() = default;

    std::uint16_t port() const noexcept { return port_; }
    traffic_rules& rules() noexcept { return rules_; }

    /// Drops all connections.
    void cut();
    /// Drops them, and takes no new ones until accept().
    void refuse();
    void accept();
    void stall(bool up, bool down);
    /// The open connections.
    std::vector<std::shared_ptr<proxied_connection>> present();

private:
    void choose_port();
    void listen();
    boost::asio::awaitable<void> take_connections(std::shared_ptr<tcp::acceptor> listener);

    boost::asio::io_context& loop_;
    const tcp::endpoint server_;
    std::uint16_t port_ = 0;
    traffic_rules rules_;
    std::vector<std::weak_ptr<proxied_connection>> connections_;
    std::shared_ptr<tcp::acceptor> listener_;
};

}  // namespace turnstile::inline v0::testing

#include "relay.hpp"

#include "free_port.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <utility>

namespace turnstile::inline v0::testing {

namespace asio = boost::asio;

relay::relay(asio::io_context& loop, tcp::endpoint server, traffic_rules rules)
    : loop_{loop}, server_{std::move(server)}, rules_{std::move(rules)}
{
    choose_port();
}

void relay::cut()
{
    for (const auto& connection : present())
        connection->close();
}

void relay::refuse()
{
    boost::system::error_code ignored;
    listener_->close(ignored);
    cut();
}

void relay::accept()
{
    if (!listener_->is_open())
        listen();
}

void relay::stall(bool up, bool down)
{
    rules_.stalled_up = up;
    rules_.stalled_down = down;
    for (const auto& connection : present())
        connection->look_again();
}

std::vector<std::shared_ptr<proxied_connection>> relay::present()
{
    std::erase_if(connections_, [](const auto& c) { return c.expired() || !c.lock()->open(); });
    std::vector<std::shared_ptr<proxied_connection>> all;
    for (const auto& c : connections_)
        all.push_back(c.lock());
    return all;
}

/// Another process may be faster with a port that was free.
void relay::choose_port()
{
    for (int tries = 1;; ++tries) {
        port_ = free_port();
        try {
            return listen();
        } catch (const boost::system::system_error&) {
            if (tries == 5)
                throw;
        }
    }
}

/// A listener for each time: the loop of an old one cannot take it for its own.
void relay::listen()
{
    listener_ = std::make_shared<tcp::acceptor>(loop_, tcp::endpoint{asio::ip::address_v4::loopback(), port_});
    asio::co_spawn(loop_, take_connections(listener_), asio::detached);
}

asio::awaitable<void> relay::take_connections(std::shared_ptr<tcp::acceptor> listener)
{
    for (;;) {
        auto [ec, client] = co_await listener->async_accept(asio::as_tuple(asio::use_awaitable));
        if (ec || !listener->is_open())
            co_return;
        auto connection = std::make_shared<proxied_connection>(std::move(client), rules_);
        connections_.push_back(connection);
        ++rules_.counters.connects;
        connection->run(server_);
    }
}

}  // namespace turnstile::inline v0::testing

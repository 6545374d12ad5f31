#include "proxied_connection.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <array>
#include <utility>

namespace turnstile::inline v0::testing {

namespace asio = boost::asio;

namespace {

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
constexpr auto quorum_patience = std::chrono::milliseconds{2000};
constexpr auto retry_interval = std::chrono::milliseconds{10};
constexpr std::size_t held_bytes_max = 4U << 20U;
constexpr std::size_t read_bytes = 16U << 10U;

}  // namespace

proxied_connection::proxied_connection(tcp::socket client, traffic_rules& rules)
    : client_{std::move(client)},
      server_{client_.get_executor()},
      rules_{rules},
      conversation_{rules.cuts, rules.counters},
      greeting_{rules.announced},
      up_{client_, server_, rules.stalled_up, rules.counters.bytes_up},
      down_{server_, client_, rules.stalled_down, rules.counters.bytes_down}
{
}

void proxied_connection::run(const tcp::endpoint& server)
{
    asio::co_spawn(client_.get_executor(), connect(shared_from_this(), server), asio::detached);
}

void proxied_connection::close()
{
    closed_ = true;
    boost::system::error_code ignored;
    client_.close(ignored);
    server_.close(ignored);
    look_again();
}

void proxied_connection::look_again()
{
    for (lane* l : {&up_, &down_}) {
        l->changed.cancel();
        l->room.cancel();
    }
}

asio::awaitable<void> proxied_connection::connect(std::shared_ptr<proxied_connection> self, tcp::endpoint server)
{
    co_await wait_until_passable();
    if (!co_await reach(server)) {
        close();
        co_return;
    }
    for (auto* socket : {&client_, &server_}) {
        boost::system::error_code ignored;
        socket->set_option(tcp::no_delay{true}, ignored);
        socket->non_blocking(true, ignored);
    }
    for (lane* l : {&up_, &down_}) {
        asio::co_spawn(client_.get_executor(), read(self, *l), asio::detached);
        asio::co_spawn(client_.get_executor(), write(self, *l), asio::detached);
    }
}

/// Whoever is refused by a server knows it from the refusal, but our caller is connected to us already. A follower may be
/// faster than the leader that it has just elected, and would ask for another election: so it waits here for a moment.
asio::awaitable<bool> proxied_connection::reach(tcp::endpoint server)
{
    const auto patience = rules_.language == spoken::quorum ? quorum_patience : std::chrono::milliseconds{0};
    const auto until = std::chrono::steady_clock::now() + patience;
    while (!closed_) {  // to connect would open the socket again
        const auto [ec] = co_await server_.async_connect(server, as_result);
        if (!ec)
            co_return !closed_;
        if (std::chrono::steady_clock::now() >= until)
            co_return false;
        boost::system::error_code ignored;
        server_.close(ignored);
        up_.changed.expires_after(retry_interval);
        co_await up_.changed.async_wait(as_result);
    }
    co_return false;
}

/// Behind a stall not even a connection is made: a server that takes it and hears nothing may take no other meanwhile.
asio::awaitable<void> proxied_connection::wait_until_passable()
{
    while (!closed_ && rules_.stalled_up) {
        up_.changed.expires_at(asio::steady_timer::time_point::max());
        co_await up_.changed.async_wait(as_result);
    }
}

asio::awaitable<void> proxied_connection::read([[maybe_unused]] std::shared_ptr<proxied_connection> self, lane& l)
{
    std::array<char, read_bytes> buffer;  // NOLINT(*-member-init): written before it is read
    while (!closed_) {
        if (l.held_bytes > held_bytes_max) {
            l.room.expires_at(asio::steady_timer::time_point::max());
            co_await l.room.async_wait(as_result);
            continue;
        }
        const auto [ec, size] = co_await l.from.async_read_some(asio::buffer(buffer), as_result);
        if (ec)
            co_return hold_back(l, step::end, {});
        for (auto& frame : pieces(l, {buffer.data(), size})) {
            const auto what = verdict(l, frame);
            hold_back(l, what, std::move(frame));
            if (what == step::cut)
                co_return;
        }
    }
}

asio::awaitable<void> proxied_connection::write([[maybe_unused]] std::shared_ptr<proxied_connection> self, lane& l)
{
    while (co_await wait_until_front_is_due(l)) {
        const auto what = l.held.front().what;
        if (what == step::forward && co_await write_front(l))
            continue;
        close();
        if (what == step::cut)
            rules_.cut_happened();
    }
}

/// False: the connection is closed.
asio::awaitable<bool> proxied_connection::wait_until_front_is_due(lane& l)
{
    while (!closed_) {
        const bool waits_for_orders = l.held.empty() || l.stalled;
        if (!waits_for_orders && l.held.front().due <= std::chrono::steady_clock::now())
            co_return true;
        l.changed.expires_at(waits_for_orders ? asio::steady_timer::time_point::max() : l.held.front().due);
        co_await l.changed.async_wait(as_result);
    }
    co_return false;
}

/// In pieces, and asking the rules before each: a write that waits for the receiver must not go on behind a stall. False:
/// nobody receives any more.
asio::awaitable<bool> proxied_connection::write_front(lane& l)
{
    auto& bytes = l.held.front().bytes;
    boost::system::error_code ec;
    const auto size = l.to.write_some(asio::buffer(bytes), ec);
    if (ec == asio::error::would_block) {
        const auto [failed] = co_await l.to.async_wait(tcp::socket::wait_write, as_result);
        co_return !failed;
    }
    if (ec)
        co_return false;
    l.forwarded += size;
    l.held_bytes -= size;
    bytes.erase(0, size);
    if (bytes.empty())
        l.held.pop_front();
    l.room.cancel();
    co_return true;
}

std::vector<std::string> proxied_connection::pieces(lane& l, std::string_view bytes)
{
    if (rules_.language == spoken::client)
        return l.frames.feed(bytes);
    if (rules_.language == spoken::election && &l == &up_)
        return {greeting_.feed(bytes)};
    return {std::string{bytes}};
}

proxied_connection::step proxied_connection::verdict(const lane& l, const std::string& frame)
{
    if (rules_.language != spoken::client || l.frames.raw())
        return step::forward;
    const bool cut = &l == &up_ ? conversation_.cuts_request(frame) : conversation_.cuts_reply(frame);
    return cut ? step::cut : step::forward;
}

void proxied_connection::hold_back(lane& l, step what, std::string bytes)
{
    l.held_bytes += bytes.size();
    l.held.push_back({std::chrono::steady_clock::now() + rules_.delay, what, std::move(bytes)});
    l.changed.cancel();
}

}  // namespace turnstile::inline v0::testing

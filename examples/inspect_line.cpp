// Who holds the lock, who waits for it, what for.
//
//     inspect_line [connect string]              without: against a server of its own
#include <turnstile/recipes/mutex.hpp>
#include <turnstile/testing/server.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>

#include <exception>
#include <iostream>
#include <optional>
#include <string>

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr auto rethrow = [](const std::exception_ptr& failed) {
    if (failed)
        std::rethrow_exception(failed);
};
/// The lease goes out of scope, and that releases it.
constexpr auto release = [](const std::exception_ptr& failed, const turnstile::lease&) { rethrow(failed); };

asio::awaitable<turnstile::lease> stand_in_line(turnstile::mutex order, std::string purpose)
{
    turnstile::acquire_options how{30s};
    how.purpose = std::move(purpose);
    co_return co_await order.acquire(how);
}

asio::awaitable<void> watch_the_line(std::string servers)
{
    turnstile::session_options options{servers};
    options.label = "order service";
    turnstile::mutex order{turnstile::session::open(options), "/locks/orders/42"};

    const auto turn = co_await stand_in_line(order, "stock count");
    for (const auto* purpose : {"price edit", "payment"}) {
        const auto before = (co_await order.line()).size();
        asio::co_spawn(co_await asio::this_coro::executor, stand_in_line(order, purpose), release);
        while ((co_await order.line()).size() == before) {}
    }
    // snippet: inspect
    for (const auto& c : co_await order.line())
        std::cout << c.sequence << ' ' << c.label << " (pid " << c.pid << ") " << c.purpose << '\n';
    // end of snippet
}

int main(int argc, char** argv)
{
    std::optional<turnstile::testing::server> own;
    const std::string servers = argc > 1 ? argv[1] : own.emplace().connect_string();
    asio::io_context io;
    asio::co_spawn(io, watch_the_line(servers), rethrow);
    io.run();
}

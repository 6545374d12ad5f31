// One lock, taken and given back, in a coroutine.
//
//     first_lock_coroutine [connect string]      without: against a server of its own
#include <turnstile/recipes/mutex.hpp>
#include <turnstile/testing/server.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <iostream>
#include <optional>
#include <string>

namespace asio = boost::asio;
using namespace std::chrono_literals;

asio::awaitable<void> take_a_turn(std::string servers)
{
    // snippet: lock
    auto session = turnstile::session::open(turnstile::session_options{servers});
    turnstile::mutex order{session, "/locks/orders/42"};

    // Waits for its turn, five seconds at most.
    turnstile::lease turn = co_await order.acquire(5s);
    std::cout << "our turn, with fencing token " << turn.token() << '\n';

    // Before each effect outside: throws when somebody else may hold the lock by now.
    turn.check();

    // Gives the lock to the next in line. A lease that goes out of scope does the same.
    co_await turn.release();
    // end of snippet
    std::cout << "released\n";
}

int main(int argc, char** argv)
{
    std::optional<turnstile::testing::server> own;
    const std::string servers = argc > 1 ? argv[1] : own.emplace().connect_string();

    asio::io_context io;
    asio::co_spawn(io, take_a_turn(servers), [](const std::exception_ptr& failed) {
        if (failed)
            std::rethrow_exception(failed);
    });
    io.run();
}

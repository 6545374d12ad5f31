// Work that is cancelled in the moment the lock under it is lost. Here an operator removes the lock's node.
//
//     while_held [connect string]                without: against a server of its own
#include <turnstile/recipes/mutex.hpp>
#include <turnstile/testing/server.hpp>
#include <turnstile/while_held.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <iostream>
#include <optional>
#include <string>

namespace asio = boost::asio;
using namespace std::chrono_literals;

asio::awaitable<void> long_report()
{
    asio::steady_timer a_minute{co_await asio::this_coro::executor, 1min};
    co_await a_minute.async_wait(asio::use_awaitable);
}

asio::awaitable<void> run(std::string servers, bool& cancelled)
{
    const auto session = turnstile::session::open(turnstile::session_options{servers});
    turnstile::mutex reports{session, "/locks/reports"};
    auto turn = co_await reports.acquire(5s);
    std::cout << "the report begins\n";
    co_await session.erase(turn.path());

    // snippet: while_held
    try {
        co_await turnstile::while_held(turn, long_report());
    } catch (const turnstile::error& e) {
        cancelled = e.code() == turnstile::errc::lost;
    }
    // end of snippet
    std::cout << (cancelled ? "the lock is lost, and the report was cancelled\n" : "something else went wrong\n");
}

int main(int argc, char** argv)
{
    std::optional<turnstile::testing::server> own;
    const std::string servers = argc > 1 ? argv[1] : own.emplace().connect_string();
    bool cancelled = false;
    asio::io_context io;
    asio::co_spawn(io, run(servers, cancelled), [](const std::exception_ptr& failed) {
        if (failed)
            std::rethrow_exception(failed);
    });
    io.run();
    return cancelled ? 0 : 1;
}

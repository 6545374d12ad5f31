// A price list that many read and few edit: readers side by side, a writer alone, and nobody overtakes.
//
//     shared_mutex [connect string]              without: against a server of its own
#include <turnstile/recipes/shared_mutex.hpp>
#include <turnstile/testing/server.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <iostream>
#include <optional>
#include <string>

namespace asio = boost::asio;
using namespace std::chrono_literals;

asio::awaitable<void> run(std::string servers, bool& as_promised)
{
    turnstile::shared_mutex shop{turnstile::session::open(turnstile::session_options{servers}), "/locks/price-list"};
    turnstile::shared_mutex office{turnstile::session::open(turnstile::session_options{servers}), "/locks/price-list"};

    // snippet: read
    turnstile::lease one = co_await shop.acquire_shared(5s);
    turnstile::lease two = co_await office.acquire_shared(5s);  // beside the first: no writer is ahead
    // end of snippet
    const auto refused = co_await office.try_acquire();
    std::cout << "two read; a writer is " << (refused ? "let in as well?\n" : "refused\n");
    co_await one.release();
    co_await two.release();

    // snippet: write
    turnstile::lease editing = co_await office.acquire(5s);  // alone
    editing.check();                                         // before each write to the price list …
    std::cout << "one writes, with fencing token " << editing.token() << '\n';

    // Edited. The writer goes on as a reader; other readers come in, and no writer comes between.
    co_await turnstile::shared_mutex::downgrade(editing);
    turnstile::lease beside = co_await shop.acquire_shared(5s);
    // end of snippet
    const auto too_early = co_await shop.try_acquire();
    std::cout << "it goes on as a reader, beside another; a writer is " << (too_early ? "let in?\n" : "refused\n");
    as_promised = !refused && editing.held() && beside.held() && !too_early;
}

int main(int argc, char** argv)
{
    std::optional<turnstile::testing::server> own;
    const std::string servers = argc > 1 ? argv[1] : own.emplace().connect_string();
    bool as_promised = false;
    asio::io_context io;
    asio::co_spawn(io, run(servers, as_promised), [](const std::exception_ptr& failed) {
        if (failed)
            std::rethrow_exception(failed);
    });
    io.run();
    return as_promised ? 0 : 1;
}

// A long job holds a lock. Somebody asks for it; and an operator takes it from one that does not listen.
//
//     revocation [connect string]                without: against a server of its own
#include <turnstile/blocking.hpp>
#include <turnstile/recipes/mutex.hpp>
#include <turnstile/recipes/revocation.hpp>
#include <turnstile/testing/server.hpp>

#include <iostream>
#include <optional>
#include <string>
#include <thread>

using namespace std::chrono_literals;

namespace {

/// Works until it is asked to stop, and gives the lock back.
void rebuild_prices(turnstile::blocking::session& session, turnstile::lease held)
{
    // snippet: listen
    turnstile::release_request asked = session.wait(turnstile::release_requested(held));
    std::cout << "asked by " << asked.by << ": " << asked.reason << '\n';
    session.wait(held.release());  // in its own time; it could go on
    // end of snippet
}

}  // namespace

int main(int argc, char** argv)
{
    std::optional<turnstile::testing::server> own;
    const std::string servers = argc > 1 ? argv[1] : own.emplace().connect_string();
    turnstile::blocking::session job{turnstile::session_options{servers}};
    turnstile::blocking::session operations{turnstile::session_options{servers}};
    turnstile::mutex prices{operations, "/locks/prices"};

    std::jthread rebuilding{[&] { rebuild_prices(job, job.wait(turnstile::mutex{job, "/locks/prices"}.acquire(5s))); }};
    // snippet: ask
    turnstile::line_view line = operations.wait(prices.line());
    while (line.empty())  // until the job has it
        line = operations.wait(prices.line());
    operations.wait(turnstile::request_release(operations, prices.path(), line.front(), "price list of tomorrow"));
    turnstile::lease ours = operations.wait(prices.acquire(5s));
    // end of snippet
    rebuilding.join();

    // Nobody listens for requests here: it hangs, say. Only when it is certain that it writes nothing any more!
    turnstile::lease hung = std::move(ours);
    // snippet: force
    line = operations.wait(prices.line());
    operations.wait(turnstile::force_release(operations, prices.path(), line.front(), "host is being replaced"));
    for (const auto& taken : operations.wait(turnstile::forced_releases(operations)))
        std::cout << taken.by << " took " << taken.line << " from " << taken.holder << ": " << taken.reason << '\n';
    // end of snippet
    return operations.wait(prices.try_acquire()) ? 0 : 1;
}

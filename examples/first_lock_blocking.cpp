// One lock, taken and given back, in a program that blocks.
//
//     first_lock_blocking [connect string]       without: against a server of its own
#include <turnstile/blocking.hpp>
#include <turnstile/recipes/mutex.hpp>
#include <turnstile/testing/server.hpp>

#include <iostream>
#include <optional>
#include <string>

using namespace std::chrono_literals;

int main(int argc, char** argv)
{
    std::optional<turnstile::testing::server> own;
    const std::string servers = argc > 1 ? argv[1] : own.emplace().connect_string();

    // snippet: lock
    turnstile::blocking::session session{turnstile::session_options{servers}};
    turnstile::mutex order{session, "/locks/orders/42"};

    // Waits for its turn, five seconds at most.
    turnstile::lease turn = session.wait(order.acquire(5s));
    std::cout << "our turn, with fencing token " << turn.token() << '\n';

    // Before each effect outside: throws when somebody else may hold the lock by now.
    turn.check();

    // Gives the lock to the next in line. A lease that goes out of scope does the same.
    session.wait(turn.release());
    // end of snippet
    std::cout << "released\n";
}

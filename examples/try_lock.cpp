// Refuses the second comer instead of letting it wait: a customer who presses "order" twice, on two machines.
//
//     try_lock [connect string]                  without: against a server of its own
#include <turnstile/blocking.hpp>
#include <turnstile/recipes/mutex.hpp>
#include <turnstile/testing/server.hpp>

#include <iostream>
#include <optional>
#include <string>

using namespace std::chrono_literals;

namespace {

turnstile::session_options service(const std::string& servers, const char* name)
{
    turnstile::session_options options{servers};
    options.label = name;
    return options;
}

}  // namespace

int main(int argc, char** argv)
{
    std::optional<turnstile::testing::server> own;
    const std::string servers = argc > 1 ? argv[1] : own.emplace().connect_string();

    turnstile::blocking::session here{service(servers, "checkout-1")};
    turnstile::blocking::session there{service(servers, "checkout-2")};
    turnstile::mutex first_tap{here, "/locks/customers/7"};
    turnstile::mutex second_tap{there, "/locks/customers/7"};

    // snippet: try
    auto turn = here.wait(first_tap.try_acquire_for(0s));
    auto refused = there.wait(second_tap.try_acquire_for(0s));  // one read, and nothing is written
    // end of snippet
    if (!turn || refused)
        return 1;
    const auto line = there.wait(second_tap.line());
    std::cout << "checkout-1 takes the order; checkout-2 is refused, because " << line.front().label << " is at it\n";

    here.wait(turn->release());
    turn = there.wait(second_tap.try_acquire_for(0s));
    std::cout << (turn ? "afterwards checkout-2 may\n" : "checkout-2 is refused for ever?\n");
    return turn ? 0 : 1;
}

// Two services that lock the same two things in opposite order: one of them is told, with the circle.
//
//     deadlock [connect string]                  without: against a server of its own
#include <turnstile/blocking.hpp>
#include <turnstile/recipes/deadlock.hpp>
#include <turnstile/recipes/mutex.hpp>
#include <turnstile/testing/server.hpp>

#include <barrier>
#include <iostream>
#include <optional>
#include <string>
#include <thread>

using namespace std::chrono_literals;

namespace {

/// Whether it had to give way.
bool lock_both(turnstile::blocking::session& session, const std::string& first, const std::string& second,
               const std::string& purpose, std::barrier<>& both_hold_one)
{
    // snippet: owner
    turnstile::acquire_options how{20s};
    how.owner = turnstile::owner_id::unique();  // of this request: all that it holds and asks for bears this name
    how.purpose = purpose;
    turnstile::mutex one{session, first};
    turnstile::mutex other{session, second};
    // end of snippet
    auto held = session.wait(one.acquire(how));
    both_hold_one.arrive_and_wait();
    // snippet: told
    try {
        auto both = session.wait(other.acquire(how));
        // …
    } catch (const turnstile::deadlock& circle) {
        std::cout << circle.what() << '\n';
        session.wait(held.release());  // the others go on; we begin again, or answer "busy"
        return true;
    }
    // end of snippet
    return false;
}

}  // namespace

int main(int argc, char** argv)
{
    std::optional<turnstile::testing::server> own;
    const std::string servers = argc > 1 ? argv[1] : own.emplace().connect_string();
    turnstile::session_options options{servers};
    options.session_timeout = 4s;  // it is looked for once in a quarter of that
    turnstile::blocking::session payments{options};
    turnstile::blocking::session prices{options};

    std::barrier<> both_hold_one{2};
    bool payments_gave_way = false;
    bool prices_gave_way = false;
    {
        const std::jthread pay{[&] {
            payments_gave_way = lock_both(payments, "/locks/orders/42", "/locks/users/7", "capture", both_hold_one);
        }};
        const std::jthread edit{[&] {
            prices_gave_way = lock_both(prices, "/locks/users/7", "/locks/orders/42", "new discount", both_hold_one);
        }};
    }
    return payments_gave_way != prices_gave_way ? 0 : 1;
}

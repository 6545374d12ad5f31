// Ten threads of two services change one order, one after the other; a queue that is full turns the rest away.
//
//     lane_blocking [connect string]             without: against a server of its own
#include <turnstile/recipes/blocking_lane.hpp>
#include <turnstile/testing/server.hpp>

#include <atomic>
#include <chrono>
#include <iostream>
#include <optional>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using order = turnstile::resource_kind<"order", "id:u64">;

int main(int argc, char** argv)
{
    std::optional<turnstile::testing::server> own;
    const std::string servers = argc > 1 ? argv[1] : own.emplace().connect_string();

    turnstile::blocking::session payments{turnstile::session_options{servers}};
    turnstile::blocking::session prices{turnstile::session_options{servers}};
    turnstile::lane_options how;
    how.policy.max_waiters = 4;  // besides the one whose turn it is; all services say the same
    const auto pay_desk = payments.wait(turnstile::lane::open<order>(payments, how));
    const auto price_desk = prices.wait(turnstile::lane::open<order>(prices, how));

    int changes = 0;  // of the order; kept from harm by nothing but the lane
    std::atomic<int> served = 0;
    std::atomic<int> refused = 0;
    const auto call_somebody = [&] {  // who takes as long as it takes for the queue to fill up
        for (int n = 0; refused < 5 && n < 500; ++n)
            std::this_thread::sleep_for(10ms);
    };
    const auto change = [&](const turnstile::lane& desk) {
        // snippet: run
        // On this thread, which may block as it likes.
        auto done = turnstile::blocking::run(desk, order::key(42), {"change", 10s}, [&](turnstile::turn& t) {
            payments.wait(t.declare("change"));
            call_somebody();
            t.check();  // nothing interrupts a thread: ask
            return ++changes;
        });
        if (done)
            ++served;
        else if (done.was_refused())
            ++refused;  // come again after done.refused().retry_after
        // end of snippet
    };
    std::vector<std::thread> threads;
    for (int i = 0; i < 10; ++i)
        threads.emplace_back([&, i] { change(i % 2 == 0 ? pay_desk : price_desk); });
    for (auto& t : threads)
        t.join();
    std::cout << "ten came at once: " << served << " changed the order, one after the other, and " << refused
              << " were refused\n";

    // snippet: nested
    try {
        turnstile::blocking::run(pay_desk, order::key(42), "outer", [&](turnstile::turn&) {
            turnstile::blocking::run(pay_desk, order::key(42), "inner", [](turnstile::turn&) {});
        });
    } catch (const turnstile::error& e) {
        std::cout << "who asks again for what it holds is told: " << e.code().message() << '\n';
    }
    // end of snippet
    return served + refused == 10 && changes == served && refused > 0 ? 0 : 1;
}

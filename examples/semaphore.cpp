// A payment provider that allows three calls at once, from all services together.
//
//     semaphore [connect string]                 without: against a server of its own
#include <turnstile/blocking.hpp>
#include <turnstile/recipes/semaphore.hpp>
#include <turnstile/testing/server.hpp>

#include <atomic>
#include <iostream>
#include <optional>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

int main(int argc, char** argv)
{
    std::optional<turnstile::testing::server> own;
    const std::string servers = argc > 1 ? argv[1] : own.emplace().connect_string();
    turnstile::blocking::session session{turnstile::session_options{servers}};

    // snippet: permits
    turnstile::semaphore gateway{session, "/limits/psp", 3};  // the first to ask sets the maximum
    turnstile::lease call = session.wait(gateway.acquire(5s));
    turnstile::lease batch = session.wait(gateway.acquire(turnstile::permits{2}, 5s));
    auto refused = session.wait(gateway.try_acquire());  // three are out
    // end of snippet
    std::cout << "one call and a batch of two; a fourth is " << (refused ? "let in?\n" : "refused\n");

    // snippet: raise
    session.wait(gateway.set_maximum(4));
    turnstile::semaphore wider{session, "/limits/psp"};  // whatever the maximum is
    auto fourth = session.wait(wider.try_acquire());
    // end of snippet
    std::cout << "with a maximum of four it is " << (fourth ? "let in\n" : "refused?\n");
    const bool as_promised = !refused && fourth;
    session.wait(call.release());
    session.wait(batch.release());
    fourth.reset();

    std::atomic<int> at_work = 0;
    std::atomic<int> most = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i)
        threads.emplace_back([&] {
            for (int n = 0; n < 5; ++n) {
                const auto turn = session.wait(wider.acquire(20s));
                const int now = ++at_work;
                for (int m = most; m < now && !most.compare_exchange_weak(m, now);) {}
                std::this_thread::sleep_for(10ms);  // the call
                --at_work;
            }
        });
    for (auto& t : threads)
        t.join();
    std::cout << "eight threads, and " << most << " at most at a time\n";
    return as_promised && most <= 4 ? 0 : 1;
}

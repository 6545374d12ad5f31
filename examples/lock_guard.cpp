// A lock for std::unique_lock and std::scoped_lock: each thread stands in line for itself, across processes.
//
//     lock_guard [connect string]                without: against a server of its own
#include <turnstile/blocking.hpp>
#include <turnstile/recipes/lockable.hpp>
#include <turnstile/recipes/mutex.hpp>
#include <turnstile/testing/server.hpp>

#include <iostream>
#include <mutex>
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
    turnstile::blocking::lockable counter_lock{turnstile::mutex{session, "/locks/counter"}};
    int counter = 0;

    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&] {
            for (int n = 0; n < 10; ++n) {
                const std::scoped_lock turn{counter_lock};
                ++counter;
            }
        });
    for (auto& t : threads)
        t.join();
    std::cout << "four threads counted to " << counter << '\n';

    // snippet: unique_lock
    std::unique_lock turn{counter_lock, 500ms};
    if (turn.owns_lock())
        counter_lock.held().check();  // a lock across machines can be lost: ask before each effect outside
    // end of snippet
    std::cout << (turn.owns_lock() ? "and once more, alone\n" : "somebody else holds it\n");
    return turn.owns_lock() && counter == 40 ? 0 : 1;
}

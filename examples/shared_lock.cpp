// A read/write lock for std::shared_lock and std::unique_lock: each thread stands in line for itself, across processes.
//
//     shared_lock [connect string]               without: against a server of its own
#include <turnstile/blocking.hpp>
#include <turnstile/recipes/shared_lockable.hpp>
#include <turnstile/recipes/shared_mutex.hpp>
#include <turnstile/testing/server.hpp>

#include <atomic>
#include <iostream>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

int main(int argc, char** argv)
{
    std::optional<turnstile::testing::server> own;
    const std::string servers = argc > 1 ? argv[1] : own.emplace().connect_string();

    turnstile::blocking::session session{turnstile::session_options{servers}};
    turnstile::blocking::shared_lockable prices{turnstile::shared_mutex{session, "/locks/price-list"}};
    int version = 0;
    std::atomic<int> torn = 0;

    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&, i] {
            for (int n = 0; n < 10; ++n) {
                if ((n + i) % 4 == 0) {
                    const std::unique_lock editing{prices};
                    version += 2;
                } else {
                    const std::shared_lock reading{prices};
                    torn += version % 2;
                }
            }
        });
    for (auto& t : threads)
        t.join();
    std::cout << "four threads edited " << version / 2 << " times; readers saw " << torn << " half-done edits\n";

    // snippet: shared_lock
    {
        std::shared_lock reading{prices};
        prices.held().check();  // a lock across machines can be lost: ask before you rely on it
    }
    std::unique_lock editing{prices, 500ms};
    if (editing.owns_lock())
        prices.downgrade();  // goes on as a reader; the same unique_lock gives it back
    // end of snippet
    std::cout << (editing.owns_lock() ? "and once more, then as a reader\n" : "somebody else holds it\n");
    return editing.owns_lock() && version == 20 && torn == 0 ? 0 : 1;
}

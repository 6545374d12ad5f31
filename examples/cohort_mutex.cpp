// Many coroutines or threads of one process on one key: one contender in ZooKeeper's line for all of them.
//
//     cohort_mutex [connect string]              without: against a server of its own
#include <turnstile/blocking.hpp>
#include <turnstile/recipes/cohort_mutex.hpp>
#include <turnstile/recipes/lockable.hpp>
#include <turnstile/recipes/mutex.hpp>
#include <turnstile/testing/server.hpp>

#include <chrono>
#include <iostream>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

int main(int argc, char** argv)
{
    std::optional<turnstile::testing::server> own;
    const std::string servers = argc > 1 ? argv[1] : own.emplace().connect_string();
    turnstile::blocking::session session{turnstile::session_options{servers}};

    // snippet: cohort
    // One per process: callers hand the lock to each other 16 times, and 100 idle locks stay here until somebody wants them.
    turnstile::cohort us{session, turnstile::cohort_options{.hand_overs = 16, .keep = 100}};

    turnstile::cohort_mutex order{us, "/locks/orders/42"};
    turnstile::lease turn = session.wait(order.acquire(5s));
    turn.check();
    session.wait(turn.release());  // it stays with the process: the next acquire costs no round trip
    // end of snippet

    std::set<turnstile::fencing_token> turns;
    int sold = 0;
    turnstile::blocking::lockable guarded{order};
    const auto begin = std::chrono::steady_clock::now();
    std::vector<std::jthread> threads;
    for (int t = 0; t < 8; ++t)
        threads.emplace_back([&] {
            for (int n = 0; n < 100; ++n) {
                const std::lock_guard one_at_a_time{guarded};
                turns.insert(guarded.held().token());
                ++sold;
            }
        });
    threads.clear();
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
    std::cout << sold << " sections of eight threads in " << took.count() << " ms, in " << turns.size()
              << " turn(s) of the process\n";

    // Another service: the lock that is kept here, unused, is given up for it.
    turnstile::blocking::session other{turnstile::session_options{servers}};
    const auto theirs = other.wait(turnstile::mutex{other, order.path()}.acquire(5s));
    std::cout << "another service has it now, and " << us.kept() << " locks are kept here\n";
    return sold == 800 && theirs.held() ? 0 : 1;
}

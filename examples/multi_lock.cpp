// Money moves between accounts in both directions at once. Each transfer locks two of them, in whatever order it names them.
//
//     multi_lock [connect string]                without: against a server of its own
#include <turnstile/blocking.hpp>
#include <turnstile/recipes/multi_lock.hpp>
#include <turnstile/testing/server.hpp>

#include <array>
#include <iostream>
#include <optional>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace {

struct account {
    std::string lock;
    int balance = 100;
};

// snippet: transfer
/// Two transfers that name the same accounts in opposite orders never wait for each other.
void transfer(const turnstile::session& session, account& from, account& to, int amount)
{
    turnstile::multi_lock both{session, {from.lock, to.lock}};
    turnstile::lease held = turnstile::blocking::wait(both.acquire(30s));  // both, or none
    held.check();
    from.balance -= amount;
    to.balance += amount;
}
// end of snippet

}  // namespace

int main(int argc, char** argv)
{
    std::optional<turnstile::testing::server> own;
    const std::string servers = argc > 1 ? argv[1] : own.emplace().connect_string();
    turnstile::blocking::session session{turnstile::session_options{servers}};
    std::array<account, 3> accounts{account{"/locks/account/7"}, account{"/locks/account/8"}, account{"/locks/account/9"}};

    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < 3; ++i) {
        threads.emplace_back([&, i] {
            for (int n = 0; n < 10; ++n)
                transfer(session, accounts[i], accounts[(i + 1) % 3], 7);
        });
        threads.emplace_back([&, i] {
            for (int n = 0; n < 10; ++n)
                transfer(session, accounts[(i + 1) % 3], accounts[i], 7);
        });
    }
    for (auto& t : threads)
        t.join();
    bool balanced = true;
    for (const auto& a : accounts) {
        std::cout << a.lock << ": " << a.balance << '\n';
        balanced = balanced && a.balance == 100;
    }
    std::cout << (balanced ? "sixty transfers, and no money lost\n" : "money was lost or made\n");
    return balanced ? 0 : 1;
}

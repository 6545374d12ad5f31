// A user taps "buy" five times at once, on two services; one order is placed, and everybody gets its number. Then an owner
// dies in the middle, and what it had declared is told to the one who takes over.
//
//     once_gate [connect string]                 without: against a server of its own
#include <turnstile/blocking.hpp>
#include <turnstile/recipes/once_gate.hpp>
#include <turnstile/testing/server.hpp>

#include <atomic>
#include <iostream>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

using namespace std::chrono_literals;

// snippet: kind
using checkout = turnstile::resource_kind<"checkout", "user:u64", "key:text">;
// end of snippet

std::atomic<int> orders_placed = 0;

// snippet: buy
/// What the user is told; empty: come again.
std::string buy(const turnstile::once_gate& gate, const std::string& idempotency_key, const std::string& digest_of_request)
{
    using turnstile::blocking::wait;
    auto entered = wait(gate.enter(checkout::key(7, idempotency_key), digest_of_request, 5s));
    if (auto* mine = std::get_if<turnstile::admitted>(&entered)) {
        wait(mine->declare("order for " + idempotency_key));  // before what cannot be taken back
        const std::string placed = "order " + std::to_string(++orders_placed);
        wait(mine->commit(placed));
        return placed;
    }
    if (auto* done = std::get_if<turnstile::already_done>(&entered))
        return done->result;  // the first one's
    if (std::holds_alternative<turnstile::key_reused>(entered))
        return "another request under this key";
    return {};  // in_progress, turned_away: later. orphan: see below
}
// end of snippet

int main(int argc, char** argv)
{
    std::optional<turnstile::testing::server> own;
    const std::string servers = argc > 1 ? argv[1] : own.emplace().connect_string();
    turnstile::blocking::session one{turnstile::session_options{servers}};
    turnstile::blocking::session two{turnstile::session_options{servers}};

    // snippet: open
    turnstile::once_options how;
    how.policy.running = turnstile::once_policy::while_running::join;  // who comes second waits for the first one's result
    const auto here = one.wait(turnstile::once_gate::open<checkout>(one, how));
    // end of snippet
    const auto there = two.wait(turnstile::once_gate::open<checkout>(two, how));

    std::vector<std::string> told(5);
    std::vector<std::thread> taps;
    for (std::size_t i = 0; i < told.size(); ++i)
        taps.emplace_back([&, i] { told[i] = buy(i % 2 == 0 ? here : there, "tap-1", "sha-of-cart-1"); });
    for (auto& t : taps)
        t.join();
    int same = 0;
    for (const auto& t : told)
        same += t == "order 1" ? 1 : 0;
    std::cout << "five taps: " << orders_placed << " order placed, " << same << " were told \"order 1\"\n"
              << "another cart under the same key: " << buy(there, "tap-1", "sha-of-cart-2") << '\n';

    // Somebody is admitted, declares what it is about to do, and its session ends.
    {
        turnstile::blocking::session doomed{turnstile::session_options{servers}};
        const auto gate = doomed.wait(turnstile::once_gate::open<checkout>(doomed, how));
        auto entered = doomed.wait(gate.enter(checkout::key(7, "tap-2"), "sha-of-cart-2", 5s));
        doomed.wait(std::get<turnstile::admitted>(entered).declare("order for tap-2"));
        doomed.close();
    }
    // snippet: orphan
    auto entered = one.wait(here.enter(checkout::key(7, "tap-2"), "sha-of-cart-2", 5s));
    if (auto* left = std::get_if<turnstile::orphan>(&entered)) {
        std::cout << "an orphan, which had declared: " << left->intent() << '\n';
        if (auto mine = one.wait(left->take_over(5s)))                          // exactly one gets it
            one.wait(mine->commit("order 2, found where it had been placed"));  // after a look at what came of it
    }
    // end of snippet
    const auto last = buy(there, "tap-2", "sha-of-cart-2");
    std::cout << "and for all who come later: " << last << '\n';
    return orders_placed == 1 && same == 5 && last.starts_with("order 2") ? 0 : 1;
}

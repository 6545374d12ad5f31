// A consumer takes a prefetch, dies in the middle, and its messages are delivered again: each takes effect once.
//
//     message_gate [connect string]              without: against a server of its own
#include <turnstile/blocking.hpp>
#include <turnstile/recipes/message_gate.hpp>
#include <turnstile/testing/server.hpp>

#include <chrono>
#include <iostream>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

using namespace std::chrono_literals;

/// The effects, with an inbox in the same transaction: the second of the same id changes nothing.
struct ledger {
    std::set<std::string> inbox;
    int booked = 0;

    bool book(const std::string& id) { return inbox.insert(id).second && ++booked > 0; }
};

int main(int argc, char** argv)
{
    std::optional<turnstile::testing::server> own;
    const std::string servers = argc > 1 ? argv[1] : own.emplace().connect_string();
    turnstile::blocking::session session{turnstile::session_options{servers}};

    // As the producer made them: a redelivery bears the same id, the same time and the same digest.
    std::vector<turnstile::message> prefetch;
    const auto sent_at = std::chrono::system_clock::now();
    for (int i = 1; i <= 5; ++i)
        prefetch.emplace_back("payment-" + std::to_string(i), sent_at, "digest-" + std::to_string(i));
    ledger books;

    // The first consumer books three, says done for two of them, and dies.
    {
        turnstile::blocking::session doomed{turnstile::session_options{servers}};
        const auto gate = doomed.wait(turnstile::message_gate::open(doomed, "payments-in"));
        auto begun = doomed.wait(gate.begin_many(prefetch));
        for (std::size_t i = 0; i < 3; ++i)
            books.book(std::get<turnstile::delivery>(begun[i]).id());
        std::vector<turnstile::delivery> booked;
        for (std::size_t i = 0; i < 2; ++i)
            booked.push_back(std::get<turnstile::delivery>(std::move(begun[i])));
        doomed.wait(turnstile::message_gate::done_many(std::move(booked)));
        doomed.close();
    }
    std::cout << "the first consumer is gone; booked: " << books.booked << '\n';

    // The broker delivers all of them again.
    const auto gate = session.wait(turnstile::message_gate::open(session, "payments-in"));
    int skipped = 0;
    int again = 0;
    // snippet: prefetch
    std::vector<turnstile::delivery> booked;
    for (auto& entry : session.wait(gate.begin_many(prefetch, 5s))) {
        if (auto* mine = std::get_if<turnstile::delivery>(&entry)) {
            if (mine->attempt() > 1)
                ++again;             // somebody had begun: perhaps as far as the effect
            books.book(mine->id());  // with an inbox row in the same transaction
            booked.push_back(std::move(*mine));
        } else if (std::holds_alternative<turnstile::skip_done>(entry)) {
            ++skipped;  // acknowledge it
        }
        // defer, overfull: later. quarantine, too_old, clock_skew: aside
    }
    session.wait(turnstile::message_gate::done_many(std::move(booked)));
    // end of snippet
    std::cout << "delivered again: " << skipped << " skipped, " << again << " tried again, booked in all: " << books.booked
              << '\n';

    // snippet: other_body
    auto entry = session.wait(gate.begin({"payment-1", sent_at, "another-digest"}));
    if (auto* aside = std::get_if<turnstile::quarantine>(&entry))
        std::cout << "payment-1 with another body is put aside: "
                  << (aside->why == turnstile::quarantine::reason::other_body) << '\n';
    // end of snippet
    return books.booked == 5 && skipped == 2 && again == 3 && std::holds_alternative<turnstile::quarantine>(entry) ? 0 : 1;
}

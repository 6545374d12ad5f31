// Results that have been kept for long enough are removed; what is under way, or was left in the middle, is not.
//
//     janitor [connect string]                   without: against a server of its own
#include <turnstile/blocking.hpp>
#include <turnstile/recipes/janitor.hpp>
#include <turnstile/testing/server.hpp>

#include <chrono>
#include <iostream>
#include <optional>
#include <string>
#include <thread>
#include <variant>

using namespace std::chrono_literals;
using checkout = turnstile::resource_kind<"checkout", "user:u64">;

int main(int argc, char** argv)
{
    std::optional<turnstile::testing::server> own;
    const std::string servers = argc > 1 ? argv[1] : own.emplace().connect_string();
    turnstile::blocking::session session{turnstile::session_options{servers}};

    turnstile::once_options how;
    how.policy.keep = 1s;  // a week, unless said otherwise
    const auto checkouts = session.wait(turnstile::once_gate::open<checkout>(session, how));
    const auto messages = session.wait(turnstile::message_gate::open(session, "payments-in"));

    for (std::uint64_t user = 1; user <= 20; ++user) {
        auto entered = session.wait(checkouts.enter(checkout::key(user), "digest"));
        session.wait(std::get<turnstile::admitted>(entered).commit("order"));
    }
    auto under_way = session.wait(checkouts.enter(checkout::key(21), "digest"));

    // snippet: sweep
    turnstile::janitor_options calm;
    calm.batch = 10;  // deletes in a transaction
    calm.pause = 10ms;
    turnstile::janitor sweeper{session, calm};
    sweeper.keep_clean(checkouts);
    sweeper.keep_clean(messages);
    turnstile::janitor_report report = session.wait(sweeper.sweep());  // one look; run() looks again and again
    // end of snippet
    const auto early = report.ids;
    std::cout << "at once: " << early << " removed, " << report.kept << " kept\n";
    std::uint64_t removed = early;
    for (const auto patience = std::chrono::steady_clock::now() + 20s;
         removed < 20 && std::chrono::steady_clock::now() < patience;) {
        std::this_thread::sleep_for(100ms);
        report = session.wait(sweeper.sweep());
        removed += report.ids;
    }
    std::cout << "a while later: " << removed << " removed, " << report.kept << " kept, which is under way\n";
    return removed == 20 && report.kept == 1 && std::holds_alternative<turnstile::admitted>(under_way) ? 0 : 1;
}

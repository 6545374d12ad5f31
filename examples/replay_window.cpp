// A sender numbers its messages, sends some of them twice and out of order, and restarts; the receivers take each number
// once, and remember all of that in one small node.
//
//     replay_window [connect string]             without: against a server of its own
#include <turnstile/blocking.hpp>
#include <turnstile/recipes/replay_window.hpp>
#include <turnstile/testing/server.hpp>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <optional>
#include <random>
#include <string>
#include <vector>

using namespace std::chrono_literals;

int main(int argc, char** argv)
{
    std::optional<turnstile::testing::server> own;
    const std::string servers = argc > 1 ? argv[1] : own.emplace().connect_string();
    turnstile::blocking::session session{turnstile::session_options{servers}};
    turnstile::blocking::session elsewhere{turnstile::session_options{servers}};

    // snippet: send
    auto numbers = session.wait(turnstile::sequence_source::open(session, "shop-3"));
    turnstile::sequence first = numbers.next();  // no round trip; keep it with the message, and send it again with it
    // end of snippet
    std::cout << "epoch " << first.epoch << ", number " << first.number << '\n';

    std::vector<turnstile::sequence> sent{first};
    for (int i = 1; i < 200; ++i)
        sent.push_back(numbers.next());
    auto arriving = sent;
    arriving.insert(arriving.end(), sent.begin(), sent.end());  // each of them twice
    std::shuffle(arriving.begin(), arriving.end(), std::mt19937{7});

    // snippet: receive
    const auto seen = session.wait(turnstile::replay_window::open(session, "payments-in"));
    const auto answers = session.wait(seen.accept_many(arriving, 5s));
    const auto taken = std::count(answers.begin(), answers.end(), turnstile::replay::fresh);
    // end of snippet
    std::cout << arriving.size() << " arrived, " << taken << " were fresh\n";

    // Another receiver of the same messages, and a sender that has begun anew.
    const auto there = elsewhere.wait(turnstile::replay_window::open(elsewhere, "payments-in"));
    auto restarted = elsewhere.wait(turnstile::sequence_source::open(elsewhere, "shop-3"));
    const auto of_old_epoch = elsewhere.wait(there.accept(sent[100]));
    const auto of_new_epoch = elsewhere.wait(there.accept(restarted.next()));
    std::cout << "elsewhere number 101 of epoch 1 is a duplicate: " << std::boolalpha
              << (of_old_epoch == turnstile::replay::duplicate) << ", and number 1 of epoch " << restarted.epoch()
              << " fresh: " << (of_new_epoch == turnstile::replay::fresh) << '\n';

    const auto record = session.wait(turnstile::session{session}.get("/turnstile/windows/payments-in/shop-3"));
    std::cout << "all of it is remembered in " << record.data.size() << " bytes\n";
    return taken == 200 && of_old_epoch == turnstile::replay::duplicate && of_new_epoch == turnstile::replay::fresh ? 0 : 1;
}

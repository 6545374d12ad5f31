// A holder that was cut off too long writes late, and the resource refuses it, because it compares fencing tokens.
//
//     fenced_update [connect string]             without: against a server of its own
#include <turnstile/blocking.hpp>
#include <turnstile/recipes/mutex.hpp>
#include <turnstile/testing/server.hpp>

#include <algorithm>
#include <iostream>
#include <optional>
#include <string>

using namespace std::chrono_literals;

// snippet: resource
/// A row that remembers the newest holder it has heard of. In SQL the same takes a column and a WHERE clause.
struct order_row {
    int price = 100;
    turnstile::fencing_token fence = 0;

    /// The first thing in a turn, the read included: whoever came before is shut out from here on.
    bool enter(turnstile::fencing_token t) { return t > fence && (fence = t, true); }
    /// Everything after it.
    bool set_price(turnstile::fencing_token t, int p) { return t == fence && (price = p, true); }
};
// end of snippet

int main(int argc, char** argv)
{
    std::optional<turnstile::testing::server> own;
    const std::string servers = argc > 1 ? argv[1] : own.emplace().connect_string();
    order_row row;

    turnstile::blocking::session slow{turnstile::session_options{servers}};
    turnstile::mutex slow_lock{slow, "/locks/orders/42"};
    auto late = slow.wait(slow_lock.acquire(5s));
    const auto old_token = late.token();
    std::cout << "the first holder enters with token " << old_token << ": " << std::boolalpha << row.enter(old_token)
              << '\n';

    // Its ZooKeeper session ends while it holds, as that of a process that is stopped for too long.
    slow.close();

    turnstile::blocking::session quick{turnstile::session_options{servers}};
    turnstile::mutex quick_lock{quick, "/locks/orders/42"};
    auto turn = quick.wait(quick_lock.acquire(5s));
    std::cout << "the second holder enters with token " << turn.token() << ": " << row.enter(turn.token()) << '\n';
    const bool written = row.set_price(turn.token(), 80);

    std::cout << "the first still holds, as far as its lease knows: " << late.held() << '\n';
    const bool overwritten = row.set_price(old_token, 120);
    std::cout << "it writes without asking: accepted: " << overwritten << ", the price is " << row.price << '\n';
    return written && !overwritten ? 0 : 1;
}

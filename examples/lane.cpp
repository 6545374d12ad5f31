// Changes of one order, one after the other: a payer that dies behind its charge, an editor that is told, a refusal.
//
//     lane [connect string]                      without: against a server of its own
#include <turnstile/recipes/lane.hpp>
#include <turnstile/testing/server.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <iostream>
#include <map>
#include <optional>
#include <string>

namespace asio = boost::asio;
using namespace std::chrono_literals;

// snippet: kind
/// What an order is called. In one header, which all services include.
using order = turnstile::resource_kind<"order", "id:u64">;
// end of snippet

/// Somebody else's service, with a book of its own.
struct provider {
    std::map<std::string, int> charged;  ///< by idempotency key: twice is once

    void charge(const std::string& key, int amount) { charged.emplace(key, amount); }
    /// Brings a key to an end: what was charged stays, and what has not come by now is refused when it comes.
    bool settle(const std::string& key) { return charged.try_emplace(key, 0).first->second > 0; }
};

/// The order's row, which refuses those who were overtaken.
struct shop {
    int price = 100;
    bool paid = false;
    turnstile::fencing_token fence = 0;
    provider psp;

    void enter(turnstile::fencing_token t)
    {
        refuse_unless(t > fence);
        fence = t;
    }
    void set_paid(turnstile::fencing_token t)
    {
        refuse_unless(t == fence);
        paid = true;
    }
    void set_price(turnstile::fencing_token t, int p)
    {
        refuse_unless(t == fence);
        price = p;
    }
    static void refuse_unless(bool allowed)
    {
        if (!allowed)
            throw turnstile::error{turnstile::errc::fenced, "shop", "order 42"};
    }
};

// snippet: reconcile
/// Begins a turn: fences, and brings to an end what a dead one has begun.
void begin(turnstile::turn& t, shop& s)
{
    s.enter(t.fence());
    if (t.predecessor_died() && s.psp.settle(t.predecessor_intent()))
        s.set_paid(t.fence());
    t.reconciled();
}
// end of snippet

// snippet: capture
asio::awaitable<int> capture(turnstile::turn& t, shop& s, std::string provider_key)
{
    begin(t, s);
    if (s.paid)  // looked at inside the turn
        co_return s.price;
    co_await t.declare(provider_key);  // what is about to happen, before it happens
    t.check();                         // may we still?
    s.psp.charge(provider_key, s.price);
    t.check();
    s.set_paid(t.fence());
    co_return s.price;
}
// end of snippet

asio::awaitable<void> show(std::string servers, bool& as_promised)
{
    shop s;
    const auto session = turnstile::session::open(turnstile::session_options{servers});
    const auto doomed = turnstile::session::open(turnstile::session_options{servers});
    const auto pays = co_await turnstile::lane::open<order>(doomed);

    shop other;
    // snippet: run
    auto done =
        co_await pays.run(order::key(41), {"capture", 5s}, [&](turnstile::turn& t) { return capture(t, other, "41-1"); });
    if (done)
        std::cout << "captured " << done.value() << '\n';
    // end of snippet

    // A payer whose ZooKeeper session ends between the charge and the write, as that of a process that is killed there.
    auto lost = co_await pays.run(order::key(42), {"capture", 5s}, [&](turnstile::turn& t) -> asio::awaitable<void> {
        begin(t, s);
        co_await t.declare("42-1");
        t.check();
        s.psp.charge("42-1", s.price);
        co_await doomed.close();
        t.check();
        s.set_paid(t.fence());
    });
    std::cout << "the payer is lost, and its effect "
              << (lost.lost() == turnstile::turn_loss::effect_unknown ? "unknown" : "none") << "; paid: " << std::boolalpha
              << s.paid << ", charged: " << s.psp.charged.contains("42-1") << '\n';

    // snippet: edit
    const auto desk = co_await turnstile::lane::open<order>(session);
    auto edited = co_await desk.run(order::key(42), {"edit", 5s}, [&](turnstile::turn& t) -> asio::awaitable<bool> {
        begin(t, s);
        if (s.paid)
            co_return false;
        s.set_price(t.fence(), 80);
        co_return true;
    });
    // end of snippet
    std::cout << "the editor comes next, is told, and edits: " << edited.value() << "; paid: " << s.paid << ", price "
              << s.price << '\n';

    // Whoever holds the turn as an object ends it with leave().
    auto entered = co_await desk.enter(order::key(43), {"stocktaking"});
    auto& stocktaking = std::get<turnstile::turn>(entered);
    // snippet: refused
    auto priced = co_await desk.try_run(order::key(43), {"edit"}, [&](turnstile::turn& t) -> asio::awaitable<void> {
        s.set_price(t.fence(), 70);
        co_return;
    });
    if (priced.was_refused())
        std::cout << "refused, because it is " << to_string(priced.refused().why) << "; come again in "
                  << priced.refused().retry_after.count() << " ms\n";
    // end of snippet
    auto leaving = stocktaking.leave();
    co_await std::move(leaving);
    as_promised = done && lost.was_lost() && !edited.value() && s.paid && s.price == 100 && s.psp.charged.size() == 1 &&
                  priced.was_refused();
}

int main(int argc, char** argv)
{
    std::optional<turnstile::testing::server> own;
    const std::string servers = argc > 1 ? argv[1] : own.emplace().connect_string();
    bool as_promised = false;
    asio::io_context io;
    asio::co_spawn(io, show(servers, as_promised), [](const std::exception_ptr& failed) {
        if (failed)
            std::rethrow_exception(failed);
    });
    io.run();
    return as_promised ? 0 : 1;
}

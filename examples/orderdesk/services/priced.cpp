// priced edits prices: a merchant's new price is a new quote, as long as nobody is paying.
#include "desk/database.hpp"
#include "desk/event_log.hpp"
#include "service.hpp"
#include "settle.hpp"
#include "turn.hpp"

#include <turnstile/error.hpp>

#include <chrono>
#include <cstdint>
#include <random>
#include <string>
#include <thread>

namespace {

using namespace orderdesk;

struct editor_options {
    int think_min_ms = 2;
    int think_max_ms = 20;
    bool careless = false;
    port_number psp = 0;
};

/// The catalogue, taxes, discounts: what takes time between reading an order and deciding on it.
void think(const editor_options& how)
{
    thread_local std::mt19937_64 random{std::random_device{}()};
    std::this_thread::sleep_for(
        std::chrono::milliseconds{std::uniform_int_distribution{how.think_min_ms, how.think_max_ms}(random)});
}

nlohmann::json edit(turn& t, std::int64_t price, const std::string& request, const editor_options& how, event_log& log)
{
    settle(t, request, how.psp, log);
    order o = t.entered();
    think(how);
    if (o.status != status::awaiting)
        return answer("refused", o.status == status::paid ? "paid already" : "a payment is under way");
    try {
        t.check();
    } catch (const turnstile::error& e) {
        log.tell(event::lost, o.id, request, {{"code", e.code().value()}, {"why", e.code().message()}});
        if (!how.careless)
            throw;
    }
    o.price = price;
    ++o.quote;
    t.write(o, action::edited);
    return answer("edited");
}

}  // namespace

int main(int argc, char** argv)
{
    CLI::App app{"priced edits prices for the order desk", "priced"};
    service_options service;
    guard_options guarded;
    editor_options how;
    add_service_options(app, service);
    add_guard_options(app, guarded);
    app.add_option("--think-min", how.think_min_ms, "Milliseconds between reading and writing, at least");
    app.add_option("--think-max", how.think_max_ms, "Milliseconds between reading and writing, at most");
    app.add_option("--psp", how.psp, "Port of the payment provider: for what a dead payer has left")->required();
    app.add_flag("--careless", how.careless, "Writes although the lease says lost (to see what the row says to that)");

    return program(argc, argv, app, [&] {
        hold_signals();
        event_log log{service.file("events.jsonl"), service.name};
        const turnkeeper turns{service, guarded, log};
        serve(service, [&] {
            return [&, db = turns.connect_to_orders()](const nlohmann::json& question) {
                const auto request = question.at("request").get<std::string>();
                const auto price = question.at("price").get<std::int64_t>();
                return turns.take_turn(*db, question.at("order").get<order_id>(), "edit", request,
                                       [&](turn& t) { return edit(t, price, request, how, log); });
            };
        });
        return 0;
    });
}

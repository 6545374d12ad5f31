// payd takes payments: asks the payment provider for the money, and marks the order paid.
#include "desk/database.hpp"
#include "desk/event_log.hpp"
#include "desk/wire.hpp"
#include "service.hpp"
#include "settle.hpp"
#include "turn.hpp"

#include <string>

namespace {

using namespace orderdesk;

/// The order says "paying", and under which key, before the provider is asked: whoever finds it like that asks again under
/// the same key, and the money moves once.
nlohmann::json pay(turn& t, const std::string& request, port_number psp, event_log& log)
{
    settle(t, request, psp, log);
    order o = t.entered();
    if (o.status == status::paid)
        return o.psp_key == request ? answer("paid") : answer("refused", "paid already");
    // Another attempt is another charge: the price may be another.
    if (o.psp_key.empty())
        o.psp_key = t.attempt() == 1 ? request : request + "." + std::to_string(t.attempt());
    if (t.declares()) {
        t.declare(intent_to_charge(o));
        o.status = status::paying;
        t.write(o, action::charging);
    }

    t.check();
    log.tell(event::asking, o.id, request, {{"key", o.psp_key}});
    const auto captured = ask(psp, {{"key", o.psp_key}, {"order", o.id}, {"quote", o.quote}, {"amount", o.price}});
    log.tell(event::charged, o.id, request, {{"amount", captured.at("amount")}});

    try {
        o.status = status::paid;
        t.write(o, action::paid);
    } catch (const fenced_off& e) {
        return unknown_answer(std::string{"charged, will reconcile: "} + e.what());
    }
    return answer("paid");
}

}  // namespace

int main(int argc, char** argv)
{
    CLI::App app{"payd takes payments for the order desk", "payd"};
    service_options service;
    guard_options guarded;
    port_number psp = 0;
    add_service_options(app, service);
    add_guard_options(app, guarded);
    app.add_option("--psp", psp, "Port of the payment provider")->required();

    return program(argc, argv, app, [&] {
        hold_signals();
        event_log log{service.file("events.jsonl"), service.name};
        const turnkeeper turns{service, guarded, log};
        serve(service, [&] {
            return [&, db = turns.connect_to_orders()](const nlohmann::json& question) {
                const auto request = question.at("request").get<std::string>();
                return turns.take_turn(*db, question.at("order").get<order_id>(), "pay", request,
                                       [&](turn& t) { return pay(t, request, psp, log); });
            };
        });
        return 0;
    });
}

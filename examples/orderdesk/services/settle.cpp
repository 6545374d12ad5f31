#include "settle.hpp"

#include <nlohmann/json.hpp>

namespace orderdesk {

std::string intent_to_charge(const order& o)
{
    return nlohmann::json{{"charge", o.price}, {"quote", o.quote}, {"key", o.psp_key}}.dump();
}

void settle(turn& t, const std::string& request, port_number psp, event_log& log)
{
    const auto intent = t.left_behind();
    if (!intent)
        return;
    order o = t.entered();
    const auto key = nlohmann::json::parse(*intent).at("key").get<std::string>();
    log.tell(event::asking, o.id, request, {{"key", key}});
    const auto provider = ask(psp, {{"what_of", key}});
    const bool captured = provider.at("captured").get<bool>();
    log.tell(event::settled, o.id, request, {{"key", key}, {"captured", captured}});
    // Not captured, and the row says "paying": the key is still good, and the buyer may pay under it. Not captured, and the
    // row says "awaiting payment": the dead one had not begun.
    if (captured && o.status != status::paid) {
        o.status = status::paid;
        t.write_for(key, o, action::paid);
    }
    t.reconciled();
}

}  // namespace orderdesk

// Before a turn does its own: what a dead one has left.
//
// A payer declares in the lane what it is about to charge, and under which key. Should it die, the next turn is told,
// whoever that is: another payer, or an editor of prices. It asks the provider what came of it, and puts the order right.
#pragma once

#include "desk/event_log.hpp"
#include "desk/order.hpp"
#include "desk/wire.hpp"
#include "turn.hpp"

#include <string>

namespace orderdesk {

/// What a payer declares.
std::string intent_to_charge(const order& o);

/// Bears to be done twice: one that dies here leaves the intent for the next one.
void settle(turn& t, const std::string& request, port_number psp, event_log& log);

}  // namespace orderdesk

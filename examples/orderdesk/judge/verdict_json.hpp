// A verdict between processes: of the race, of messages, of taps.
#pragma once

#include "rules.hpp"
#include "side_rules.hpp"

#include <nlohmann/json.hpp>

namespace orderdesk {

template <class Verdict>
nlohmann::json as_json(const Verdict& v);

template <class Verdict>
Verdict verdict_from(const nlohmann::json& parsed);

}  // namespace orderdesk

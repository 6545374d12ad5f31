// A verdict between processes.
#pragma once

#include "rules.hpp"
#include "side_rules.hpp"

#include <nlohmann/json.hpp>

#include <vector>

namespace orderdesk {

nlohmann::json as_json(const std::vector<finding>& findings);
std::vector<finding> findings_from(const nlohmann::json& parsed);

nlohmann::json as_json(const verdict& v);
verdict verdict_from(const nlohmann::json& parsed);

nlohmann::json as_json(const messages_verdict& v);
messages_verdict messages_verdict_from(const nlohmann::json& parsed);

nlohmann::json as_json(const taps_verdict& v);
taps_verdict taps_verdict_from(const nlohmann::json& parsed);

}  // namespace orderdesk

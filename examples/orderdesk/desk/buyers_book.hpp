// The buyers' own notes: what they asked for, and what they were told.
#pragma once

#include "database.hpp"
#include "order.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdint>
#include <string>

namespace orderdesk {

void note_asked(database& buyers, const std::string& request, order_id order, const std::string& what, std::int64_t price);

/// `tries`: how often it was asked until this answer came.
void note_answer(database& buyers, const std::string& request, const nlohmann::json& answer, std::chrono::microseconds took,
                 int tries);

}  // namespace orderdesk

// The rules of the desk's other two acts: messages that take effect once, taps that make one order.
#pragma once

#include "rules.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace orderdesk {

struct messages_verdict {
    std::string setting;
    std::vector<finding> findings;
    std::int64_t anomalies = 0;
    std::int64_t messages = 0;  ///< different ones
    std::int64_t sends = 0;     ///< those that were sent again included
    std::int64_t deliveries = 0;
    std::int64_t doubled = 0;
    std::int64_t missing = 0;
    std::int64_t conflicts = 0;  ///< at the database: doubles that only the inbox stopped
    std::int64_t kills = 0;
};

/// `dir` holds broker.db and outbox.db.
messages_verdict judge_messages(const std::filesystem::path& dir);
const std::vector<rule>& message_rules();

struct taps_verdict {
    std::string setting;
    std::vector<finding> findings;
    std::int64_t anomalies = 0;
    std::int64_t taps = 0;
    std::int64_t placed = 0;   ///< orders
    std::int64_t at_once = 0;  ///< taps that had their answer at the first try
    std::int64_t again = 0;    ///< taps that were told to come again, and did
    std::int64_t slowest_us = 0;
};

/// `dir` holds checkout.db.
taps_verdict judge_taps(const std::filesystem::path& dir);
const std::vector<rule>& tap_rules();

}  // namespace orderdesk

// The rules of the desk, each a query that finds what breaks it. They look at three books that were kept apart: the order
// database with its history, the payment provider's, and the buyers' own.
#pragma once

#include "desk/database.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace orderdesk {

/// In which runs a rule says something.
enum class scope {
    all,
    serialised,  ///< those with a guard
    fenced,      ///< those with the lane
};

struct rule {
    std::string_view name;   ///< for programs
    std::string_view title;  ///< for people
    scope applies;
    std::string_view sql;  ///< one row per anomaly, with a text column "what"
};

const std::vector<rule>& rules();

struct finding {
    std::string rule;
    std::string title;
    bool applies = true;
    std::int64_t anomalies = 0;
    std::vector<std::string> examples;  ///< the first few, in words
};

/// `books` has the tables that the rule asks for. Not applied, a rule finds nothing.
finding look_for(database& books, const rule& r, bool applies = true);

struct verdict {
    std::string guard;
    std::vector<finding> findings;
    std::int64_t anomalies = 0;
    std::int64_t answers = 0;
    std::int64_t paid = 0;  ///< orders: nothing goes wrong where nothing happens
    std::int64_t edits = 0;
    std::int64_t median_us = 0;  ///< of the time to an answer
    std::int64_t p99_us = 0;
};

/// `dir` holds orders.db, psp.db and buyers.db. Changes none of them.
verdict judge(const std::filesystem::path& dir);

}  // namespace orderdesk

// What a race has shown besides what was broken: how fast it was, and what it kept the database busy with.
#pragma once

#include "acts.hpp"

#include <filesystem>
#include <string>

namespace orderdesk {

/// Database connections that were in a transaction, on average and at most: "6.8 (12)".
std::string pinned(const race_result& r);

/// Orders and requests in a second, and how long an answer took.
std::string pace(const race_result& r);

/// With the verdict, in JSON. Throws std::runtime_error.
void save_figures(const race_result& r, const std::filesystem::path& file);

}  // namespace orderdesk

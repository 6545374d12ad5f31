// From an act's books and event log to the picture of one order.
#pragma once

#include "timeline.hpp"

#include <filesystem>
#include <optional>
#include <string>

namespace orderdesk {

/// The order whose payment was the most crowded (with the lock), or went wrong in the most ways (without).
std::optional<timeline> picture_of_race(const std::filesystem::path& dir, const std::string& guard);

/// Order 1, from its first event to its last.
timeline picture_of_act(const std::filesystem::path& dir, const std::string& title, const std::string& subtitle);

/// Answers with the path.
std::filesystem::path save_picture(const std::string& svg, const std::filesystem::path& file);
std::filesystem::path save_picture(const timeline& t, const std::filesystem::path& file);

}  // namespace orderdesk

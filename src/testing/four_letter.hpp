// ZooKeeper's four-letter words: send one, read the answer until the server closes.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace turnstile::inline v0::testing {

/// nullopt: nobody there, or no complete answer within `patience`.
std::optional<std::string> four_letter_word(std::uint16_t port, std::string_view word, std::chrono::milliseconds patience);

/// The number that a report of "mntr" gives for `name`: "zk_watch_count\t12\n" -> 12. Fractions (averages) are cut.
std::optional<std::int64_t> number_in(std::string_view report, std::string_view name);

/// What stands behind `name` in a report of lines, as that of "srvr": "Mode: leader\n" -> "leader".
std::optional<std::string> text_in(std::string_view report, std::string_view name);

}  // namespace turnstile::inline v0::testing

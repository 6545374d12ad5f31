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

}  // namespace turnstile::inline v0::testing

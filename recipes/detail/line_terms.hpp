// What the directory of a semaphore's line says of it, in its data:
//
//     turnstile 1
//     maximum 10
//
// The maximum belongs to the path and not to a contender, so all agree on it, and an operator can change it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace turnstile::inline v0::detail {

std::string terms_to_text(std::uint32_t maximum);
/// nullopt: nobody has set a maximum, or nonsense has been written there.
std::optional<std::uint32_t> parse_terms(std::string_view text);

}  // namespace turnstile::inline v0::detail

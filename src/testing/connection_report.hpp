// What a server answers to "cons": a line for each connection. No I/O.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace turnstile::inline v0::testing {

/// When the connection of this session was made, in milliseconds of the server's wall clock; nullopt: it has none here.
std::optional<std::int64_t> connected_since(std::string_view report, std::int64_t session);

}  // namespace turnstile::inline v0::testing

// Paths of znodes: checked here, before anything is sent, because ZooKeeper's C client answers some bad ones with garbage.
#pragma once

#include <turnstile/error.hpp>
#include <turnstile/export.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace turnstile::inline v0 {

inline constexpr std::size_t path_component_max = 255;
inline constexpr std::size_t path_length_max = 4'096;

/// Absolute, no empty, `.` or `..` component, no control characters, components of at most 255 bytes, "/" or no trailing
/// slash. `prefix_of_sequential`: the last component may be empty ("/line/"), because the server appends a number.
TURNSTILE_EXPORT error_code check_path(std::string_view path, bool prefix_of_sequential = false) noexcept;

/// "/a" + "b" = "/a/b", "/" + "b" = "/b".
TURNSTILE_EXPORT std::string join_path(std::string_view parent, std::string_view name);

/// "/a/b" -> "/a", "/a" -> "/", "/" -> "".
TURNSTILE_EXPORT std::string_view parent_path(std::string_view path) noexcept;

/// "/a/b" -> "b".
TURNSTILE_EXPORT std::string_view path_name(std::string_view path) noexcept;

/// "/a", "/a/b" and "/a/b/c" of "/a/b/c": what has to be there, from the top. None of "/". The path must be a good one.
TURNSTILE_EXPORT std::vector<std::string> path_prefixes(std::string_view path);

/// Any text as one component: what is not a letter, a digit or one of -_. is percent-encoded, so that an order number from
/// outside can never leave its place in the tree. Throws errc::bad_argument when empty or longer than 255 bytes encoded.
TURNSTILE_EXPORT std::string encode_component(std::string_view text);

}  // namespace turnstile::inline v0

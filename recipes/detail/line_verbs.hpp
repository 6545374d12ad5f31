// The verbs that every fair recipe has, said once: ask, wait, try, look. A recipe adds what is asked for, and what it means.
#pragma once

#include <turnstile/recipes/line.hpp>

#include "line_request.hpp"

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace turnstile::inline v0::detail {

/// Who stands at a place, as its node tells.
contender contender_of(const place_view& p, const outcome& node);

/// Throws errc::bad_path when it cannot be the directory of a line. `recipe` is for the error.
void check_line(const std::string& path, const char* recipe);

/// Throws errc::bad_argument.
line_request request_for(const session& s, const std::string& path, const char* verb, const acquire_options& how);
/// The same for a keyed line.
line_request request_for(const session& s, const std::string& directory, const std::string& key, const char* verb,
                         const acquire_options& how);

/// Throws errc::bad_argument.
void check_purpose(const std::string& path, const char* verb, const acquire_options& how);

/// Dropped when `how.owner` has nothing more to do with the line. Throws errc::would_deadlock.
std::shared_ptr<presence> enter(const session& s, const std::string& path, const char* verb, const acquire_options& how);
std::shared_ptr<presence> enter(line_request& line, const acquire_options& how);

/// A deadline that has passed is an answer: nullopt.
boost::asio::awaitable<std::optional<lease>> unless_timed_out(boost::asio::awaitable<lease> attempt);

// Free coroutines on values: an awaitable may outlive the recipe that it was asked of. All throw errc::would_deadlock at
// once when how.owner stands in the line already.

boost::asio::awaitable<lease> acquire_in(line_request line, const acquire_options& how);
boost::asio::awaitable<std::optional<lease>> try_acquire_in(line_request line, const acquire_options& how);
/// Waits until how.until; zero or less is a try.
boost::asio::awaitable<std::optional<lease>> try_acquire_until_in(line_request line, const acquire_options& how);

/// The same of several lines at once.
boost::asio::awaitable<lease> acquire_in(std::vector<line_request> lines, const acquire_options& how);
boost::asio::awaitable<std::optional<lease>> try_acquire_in(std::vector<line_request> lines, const acquire_options& how);
boost::asio::awaitable<std::optional<lease>> try_acquire_until_in(std::vector<line_request> lines,
                                                                  const acquire_options& how);

boost::asio::awaitable<line_view> view_line(session s, std::string path, deadline until);
/// Of a list of the line's directory.
boost::asio::awaitable<line_view> places_of(line_ptr line, std::vector<std::string> children);

}  // namespace turnstile::inline v0::detail

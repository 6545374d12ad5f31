// Where somebody wants to stand, and how.
#pragma once

#include <turnstile/deadline.hpp>
#include <turnstile/error.hpp>
#include <turnstile/session.hpp>

#include <memory>
#include <string>
#include <utility>

namespace turnstile::inline v0::detail {

struct line_request {
    turnstile::session session;
    std::string directory;
    const char* verb;  ///< for errors
    std::string data;  ///< of our node
    deadline until;
    char kind = 'x';

    line_request(turnstile::session s, std::string directory_, const char* verb_)
        : session{std::move(s)}, directory{std::move(directory_)}, verb{verb_}
    {
    }
};

/// One for all the parts of an attempt: ten thousand waiters have ten thousand of each.
using line_ptr = std::shared_ptr<const line_request>;

/// Throws what the caller of the recipe shall see.
[[noreturn]] void fail(const line_ptr& line, error_code ec);

}  // namespace turnstile::inline v0::detail

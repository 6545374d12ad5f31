// Where somebody wants to stand, and how.
#pragma once

#include <turnstile/deadline.hpp>
#include <turnstile/error.hpp>
#include <turnstile/session.hpp>

#include "contender_record.hpp"
#include "owner_registry.hpp"
#include "place_name.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace turnstile::inline v0::detail {

struct line_request {
    turnstile::session session;
    std::string directory;
    const char* verb;                   ///< for errors
    contender_record record;            ///< of our node
    std::shared_ptr<presence> present;  ///< who asks
    deadline until;
    claim wanted;
    std::uint32_t maximum = 0;  ///< of a semaphore: what the caller takes it to be; 0: whatever it is

    line_request(turnstile::session s, std::string directory_, const char* verb_)
        : session{std::move(s)},
          directory{std::move(directory_)},
          verb{verb_},
          present{enter_line(session, directory, owner_id{}, false)}
    {
    }

    /// What our node shall bear: the record, with what the owner holds by now.
    std::string data() const;
    /// The line has a maximum, which its directory tells.
    bool counted() const noexcept { return wanted.what == claim::kind::permits; }
};

/// One for all the parts of an attempt: ten thousand waiters have ten thousand of each.
using line_ptr = std::shared_ptr<const line_request>;
/// Several lines that are asked for together: of one session, by one verb, until one deadline. At least one.
using joint_ptr = std::shared_ptr<const std::vector<line_ptr>>;

/// Throws what the caller of the recipe shall see.
[[noreturn]] void fail(const line_request& line, error_code ec);

}  // namespace turnstile::inline v0::detail

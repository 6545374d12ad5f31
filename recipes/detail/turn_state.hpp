// What a turn knows: its lease, and for each of its resources where an intent stands and which one.
#pragma once

#include <turnstile/lease.hpp>
#include <turnstile/recipes/turn.hpp>

#include "line_request.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace turnstile::inline v0::detail {

struct turn_state {
    /// The intent's node of one resource.
    struct note {
        std::string path;
        std::optional<std::int32_t> version;  ///< nullopt: there is none
    };

    lease held;
    fencing_token fence = 0;
    std::string operation;
    std::vector<note> notes;
    std::vector<left_intent> left;  ///< by those before us
    bool reconciled = true;         ///< nothing is left that has not been dealt with
    bool declared = false;          ///< or perhaps
    bool gone = false;              ///< a write has told that the place is, perhaps before the lease knows
    bool certain = true;            ///< that the notes are as they stand here
    std::function<void()> over;     ///< called when the turn ends
    bool ended = false;

    turn_state() = default;
    turn_state(const turn_state&) = delete;
    turn_state& operator=(const turn_state&) = delete;
    ~turn_state() { end(); }

    /// Not held any more: by its holder's own doing.
    void end() noexcept
    {
        if (!std::exchange(ended, true) && over)
            over();
    }
};

}  // namespace turnstile::inline v0::detail

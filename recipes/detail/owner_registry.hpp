// Who of this process stands in which line, and what it holds: so that an owner who would wait for itself is told at once,
// and one who waits in a circle finds out.
#pragma once

#include <turnstile/recipes/owner.hpp>
#include <turnstile/session.hpp>

#include <memory>
#include <string>
#include <vector>

namespace turnstile::inline v0::detail {

/// One owner in one line, until it is dropped.
class presence {
public:
    virtual ~presence() = default;

    /// Its name, unique among all processes; empty: nobody in particular.
    virtual std::string owner() const = 0;
    /// It has been granted this node of the line.
    virtual void holds(const std::string& node) = 0;
    /// The nodes that the owner holds in other lines, as whole paths; the first few.
    virtual std::vector<std::string> held_elsewhere() const = 0;

protected:
    presence() = default;
    presence(const presence&) = default;
    presence& operator=(const presence&) = default;
};

/// Null when `owner` stands in the line already. Nobody in particular (and a second place on purpose) is always let in.
std::shared_ptr<presence> enter_line(const session& s, const std::string& directory, owner_id owner, bool second_place);

}  // namespace turnstile::inline v0::detail

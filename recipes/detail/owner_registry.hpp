// Who of this process stands in which line: so that an owner who would wait for itself is told.
#pragma once

#include <turnstile/recipes/owner.hpp>
#include <turnstile/session.hpp>

#include <memory>
#include <string>

namespace turnstile::inline v0::detail {

/// Notes that `owner` stands in the line until the result is dropped; null when it stands there already. Nobody in
/// particular (and a second place on purpose) is always let in.
std::shared_ptr<void> enter_line(const session& s, const std::string& directory, owner_id owner, bool second_place);

}  // namespace turnstile::inline v0::detail

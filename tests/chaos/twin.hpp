// Ends a ZooKeeper session from outside, as its expiry would.
#pragma once

#include <turnstile/session.hpp>

#include <string>

namespace turnstile::chaos {

/// A second handle on the same ZooKeeper session connects to `servers` and is closed: the servers end the session for both.
/// Blocks until they have. The session's own client may take it back in between: see whether the epoch has ended.
void end_by_twin(const session& s, const std::string& servers);

}  // namespace turnstile::chaos

// Ends a ZooKeeper session from outside, as its expiry would.
#pragma once

#include <turnstile/session.hpp>

#include "session_core.hpp"

#include <string>

namespace turnstile::test {

/// A second handle on the same ZooKeeper session connects to `servers` and is closed: the servers end the session for both.
/// Blocks until they have, for some seconds at most. The session's own client may take it back in between: see whether the
/// epoch has ended, and try again with the same `whose`, so that it is not the next session that is struck.
void end_by_twin(const session& s, const detail::session_identity& whose, const std::string& servers);

inline void end_by_twin(const session& s, const std::string& servers) { end_by_twin(s, s.core()->identity(), servers); }

}  // namespace turnstile::test

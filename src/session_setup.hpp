// A session's options, before there is a session: refused when they can never work, completed where they were left alone.
#pragma once

#include <turnstile/session_options.hpp>

namespace turnstile::inline v0::detail {

/// Throws errc::bad_argument or errc::bad_path, naming the field and its limit.
void check_options(const session_options& o);

/// Fills in the log, the transport and the ACL.
session_options completed(session_options o);

}  // namespace turnstile::inline v0::detail

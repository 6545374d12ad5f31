// When an operation that may be repeated without harm is worth repeating.
#pragma once

#include <turnstile/deadline.hpp>
#include <turnstile/error.hpp>

namespace turnstile::inline v0::detail {

/// The connection went under it: perhaps it happened, perhaps not.
inline bool connection_went(const error_code& ec) noexcept
{
    return ec == errc::connection_loss || ec == errc::operation_timeout || ec == errc::session_moved;
}

/// It may not have happened, and there is time to find out.
inline bool worth_another_try(const error_code& ec, deadline until)
{
    return (connection_went(ec) || ec == errc::not_connected) && !until.passed();
}

}  // namespace turnstile::inline v0::detail

// What the writes of claims have in common: what ends them, what is a reason to try again, and what is done when nobody
// waits.
#pragma once

#include <turnstile/deadline.hpp>
#include <turnstile/error.hpp>
#include <turnstile/lending.hpp>

#include "retry.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>

#include <exception>
#include <string>
#include <utility>

namespace turnstile::inline v0::detail {

[[noreturn]] inline void fail_claim(const error_code& ec, const char* verb, const std::string& path)
{
    throw error{ec == errc::deadline_exceeded ? errc::timed_out : ec, verb, path};
}

inline bool again(const error_code& ec, deadline until)
{
    return worth_another_try(ec, until) || ec == errc::session_expired;
}

/// In the background, where nobody hears of an error: what cannot be done now is an orphan once our member is gone.
inline void run_errand(boost::asio::awaitable<void> what)
{
    boost::asio::co_spawn(errand_executor(), std::move(what), [](const std::exception_ptr&) {});
}

}  // namespace turnstile::inline v0::detail

// Errors as values, for who does not want exceptions:
//
//     auto held = co_await as_result(order.acquire(5s));      // boost::system::result<lease>
//     if (!held && held.error() == errc::timed_out) …
//
// World and user errors become the result's error code. Anything that is not a system_error (a bug, bad_alloc) is still
// thrown. Cost: a coroutine frame. Cancellation: passes through.
#pragma once

#include <turnstile/error.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/system/result.hpp>
#include <boost/system/system_error.hpp>

#include <type_traits>
#include <utility>

namespace turnstile::inline v0 {

template <class T>
boost::asio::awaitable<boost::system::result<T>> as_result(boost::asio::awaitable<T> what)
{
    try {
        if constexpr (std::is_void_v<T>) {
            co_await std::move(what);
            co_return boost::system::result<void>{};
        } else {
            co_return boost::system::result<T>{co_await std::move(what)};
        }
    } catch (const boost::system::system_error& e) {
        co_return boost::system::result<T>{e.code()};
    }
}

}  // namespace turnstile::inline v0

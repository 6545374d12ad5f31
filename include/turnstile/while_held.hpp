// Runs work for as long as a lease is good.
//
//     auto receipt = co_await while_held(held, capture_payment(order));
//
// In the moment the lease is lost the work is cancelled, and once it has unwound the call throws errc::lost. Work that ends
// by itself decides the outcome, with its value or its exception, even if the loss comes in the same instant: what it has
// done, it has done. Cancelling the call cancels the work. Nothing is released: the lease stays the caller's.
//
// The work runs in a strand on the caller's executor. Cost: none.
#pragma once

#include <turnstile/error.hpp>
#include <turnstile/lease.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

namespace turnstile::inline v0 {

namespace detail {

/// Asio's groups default-construct results; not every T can.
template <class T>
boost::asio::awaitable<void> keep_value(boost::asio::awaitable<T> work, std::optional<T>& value)
{
    value.emplace(co_await std::move(work));
}

/// Until `lost` completes: then errc::lost, with the path of what has been lost.
template <class Executor>
boost::asio::awaitable<void> run_until(Executor executor, boost::asio::awaitable<void> lost, std::string path,
                                       boost::asio::awaitable<void> work)
{
    const auto strand = boost::asio::make_strand(executor);
    // A coroutine that is cancelled before its first step makes Asio 1.81 throw out of the executor's run(). So both are
    // begun inside the strand, the loss first: when one of them ends, the other has begun.
    co_await boost::asio::post(boost::asio::bind_executor(strand, boost::asio::use_awaitable));
    auto both = boost::asio::experimental::make_parallel_group(co_spawn(strand, std::move(lost), boost::asio::deferred),
                                                               co_spawn(strand, std::move(work), boost::asio::deferred));
    auto first_of_both = both.async_wait(boost::asio::experimental::wait_for_one(), boost::asio::deferred);
    const auto [order, not_lost, work_failed] = co_await std::move(first_of_both);
    const bool lost_first = order[0] == 0 && !not_lost;
    if (!work_failed)
        co_return;
    if (lost_first) {
        try {
            std::rethrow_exception(work_failed);
        } catch (const boost::system::system_error& e) {
            if (cancelled(e.code()))
                throw error{errc::lost, "while_held", path};
            throw;
        }
    }
    std::rethrow_exception(work_failed);
}

}  // namespace detail

/// Errors: errc::lost; errc::not_held when there is no lease to begin with; whatever the work throws.
template <class T>
boost::asio::awaitable<T> while_held(lease& held, boost::asio::awaitable<T> work)
{
    held.check();
    const auto executor = co_await boost::asio::this_coro::executor;
    if constexpr (std::is_void_v<T>) {
        co_await detail::run_until(executor, held.lost(), held.path(), std::move(work));
    } else {
        std::optional<T> value;
        co_await detail::run_until(executor, held.lost(), held.path(), detail::keep_value(std::move(work), value));
        co_return std::move(*value);
    }
}

}  // namespace turnstile::inline v0

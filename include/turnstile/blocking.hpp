// Turnstile without coroutines: ONE adapter, not a second API.
//
//     blocking::session s{session_options{"zk1,zk2,zk3"}};
//     mutex order{s, "/locks/orders/42"};
//     lease held = s.wait(order.acquire(5s));          // any awaitable of the SDK
//
//     blocking::lockable guarded{order};               // models TimedLockable
//     std::unique_lock turn{guarded, 500ms};
//
// The calling thread itself runs the coroutine while it waits: no thread is added, and the answer wakes the caller directly.
// Waiting on a thread of the SDK's own, or inside another wait, could never end: it throws errc::would_deadlock.
#pragma once

#include <turnstile/deadline.hpp>
#include <turnstile/error.hpp>
#include <turnstile/export.hpp>
#include <turnstile/lease.hpp>
#include <turnstile/session.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

namespace turnstile::inline v0::blocking {

namespace detail {

/// The calling thread's own little event loop, made once per thread.
class TURNSTILE_EXPORT caller_loop {
public:
    /// Throws errc::would_deadlock when this thread must not wait.
    caller_loop();
    ~caller_loop();
    caller_loop(const caller_loop&) = delete;
    caller_loop& operator=(const caller_loop&) = delete;

    boost::asio::io_context& context() noexcept { return *context_; }

private:
    boost::asio::io_context* context_;
};

}  // namespace detail

namespace detail {

template <class T>
boost::asio::awaitable<void> keep_value(boost::asio::awaitable<T> what, std::optional<T>& value)
{
    value.emplace(co_await std::move(what));
}

}  // namespace detail

/// Runs an awaitable on the calling thread until it is done; its value or its exception is the call's.
template <class T>
T wait(boost::asio::awaitable<T> what)
{
    if constexpr (std::is_void_v<T>) {
        detail::caller_loop loop;
        std::exception_ptr failed;
        boost::asio::co_spawn(loop.context(), std::move(what), [&](std::exception_ptr e) { failed = e; });
        loop.context().restart();
        loop.context().run();
        if (failed)
            std::rethrow_exception(failed);
    } else {
        std::optional<T> value;
        wait(detail::keep_value(std::move(what), value));
        return std::move(*value);
    }
}

/// A session for threads. Converts to turnstile::session, so that recipes take it.
class session {
public:
    /// Begins to connect; the first operation waits for it.
    explicit session(session_options options) : session_{turnstile::session::open(std::move(options))} {}
    explicit session(turnstile::session s) : session_{std::move(s)} {}

    template <class T>
    T wait(boost::asio::awaitable<T> what) const
    {
        return blocking::wait(std::move(what));
    }

    /// Blocks until the servers have been told that the session has ended.
    void close() { blocking::wait(session_.close()); }

    operator const turnstile::session&() const noexcept { return session_; }  // NOLINT(*-explicit-*)
    const turnstile::session* operator->() const noexcept { return &session_; }

private:
    turnstile::session session_;
};

}  // namespace turnstile::inline v0::blocking

#include <turnstile/blocking.hpp>

#include "fork_guard.hpp"
#include "sdk_thread.hpp"

#include <cstdint>
#include <memory>

namespace turnstile::inline v0::blocking::detail {

namespace {

thread_local bool waiting = false;

}  // namespace

caller_loop::caller_loop()
{
    if (waiting)
        throw error{errc::would_deadlock, "wait", {}, "inside another wait of this thread"};
    if (turnstile::detail::on_sdk_thread())
        throw error{errc::would_deadlock, "wait", {}, "on a thread of the SDK"};
    thread_local std::unique_ptr<boost::asio::io_context> context;
    thread_local std::uint32_t made_in = 0;
    if (made_in != turnstile::detail::fork_generation()) {
        // After a fork the two would take each other's wake-ups: they share one epoll set.
        static_cast<void>(context.release());
        context = std::make_unique<boost::asio::io_context>(1);
        made_in = turnstile::detail::fork_generation();
    }
    context_ = context.get();
    waiting = true;
}

caller_loop::~caller_loop() { waiting = false; }

}  // namespace turnstile::inline v0::blocking::detail

#include <turnstile/blocking.hpp>

#include "sdk_thread.hpp"

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
    thread_local boost::asio::io_context context{1};
    context_ = &context;
    waiting = true;
}

caller_loop::~caller_loop()
{
    waiting = false;
}

}  // namespace turnstile::inline v0::blocking::detail

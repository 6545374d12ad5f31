#include "sleep.hpp"

#include "once.hpp"

#include <turnstile/error.hpp>

#include <memory>

namespace turnstile::simulation {

using waiting = std::shared_ptr<detail::once<error_code>>;

boost::asio::awaitable<void> sleep_for(std::chrono::nanoseconds d)
{
    const auto kept = std::make_shared<waiting>();
    auto start = [kept](const waiting& w) { *kept = w; };
    auto wake = [](const waiting& w, error_code why) { w->complete(why); };
    const auto why = co_await detail::await_once<error_code>(deadline{d}, start, wake);
    if (why != errc::deadline_exceeded)
        throw error{why, "sleep", {}};
}

}  // namespace turnstile::simulation

#include "simulated_host.hpp"

#include <turnstile/deadline.hpp>
#include <turnstile/lease.hpp>

#include <atomic>

#include <time.h>

namespace turnstile::inline v0 {

namespace {

std::atomic<detail::simulated_host*> simulated{nullptr};

}  // namespace

detail::simulated_host* detail::simulated_host::current() noexcept { return simulated.load(std::memory_order_acquire); }

void detail::simulated_host::install(simulated_host* h) noexcept { simulated.store(h, std::memory_order_release); }

waiting_clock::time_point waiting_clock::now() noexcept
{
    if (const auto* host = detail::simulated_host::current())
        return time_point{host->now()};
    return std::chrono::steady_clock::now();
}

boot_clock::time_point boot_clock::now() noexcept
{
    if (const auto* host = detail::simulated_host::current())
        return time_point{host->now()};
    timespec t{};
    ::clock_gettime(CLOCK_BOOTTIME, &t);
    return time_point{std::chrono::seconds{t.tv_sec} + std::chrono::nanoseconds{t.tv_nsec}};
}

}  // namespace turnstile::inline v0

#include "fork_guard.hpp"

#include <atomic>

#include <pthread.h>

namespace turnstile::inline v0::detail {

namespace {

std::atomic<std::uint32_t> generation{1};

void count_fork() { generation.fetch_add(1, std::memory_order_relaxed); }

}  // namespace

std::uint32_t fork_generation() noexcept
{
    // Registered once per process image; children inherit the registration.
    static const int registered = pthread_atfork(nullptr, nullptr, &count_fork);
    static_cast<void>(registered);
    return generation.load(std::memory_order_relaxed);
}

}  // namespace turnstile::inline v0::detail

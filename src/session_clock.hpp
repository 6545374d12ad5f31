// How long one ZooKeeper session is provably alive, as far as its owner can know: until the send time of the newest write
// that the ensemble acknowledged, plus two thirds of the session timeout.
//
// Reads and pings prove nothing: a follower that is cut off from its leader answers both while the leader expires the
// session. CLOCK_BOOTTIME, because CLOCK_MONOTONIC stands still while a machine sleeps and the ensemble's clock does not.
#pragma once

#include <turnstile/lease.hpp>

#include <atomic>
#include <chrono>

namespace turnstile::inline v0::detail {

class session_clock {
public:
    explicit session_clock(std::chrono::milliseconds session_timeout) noexcept { granted(session_timeout); }

    /// The session timeout: each server that the session connects to decides anew.
    void granted(std::chrono::milliseconds session_timeout) noexcept
    {
        good_for_.store((std::chrono::nanoseconds{session_timeout} * 2 / 3).count(), std::memory_order_release);
    }

    /// A write that was sent at `sent` has been answered with success.
    void acknowledged(boot_clock::time_point sent) noexcept
    {
        auto newest = newest_.load(std::memory_order_relaxed);
        const auto candidate = sent.time_since_epoch().count();
        while (candidate > newest && !newest_.compare_exchange_weak(newest, candidate, std::memory_order_release)) {}
    }

    /// The session is known to be over.
    void end() noexcept { over_.store(true, std::memory_order_release); }
    bool over() const noexcept { return over_.load(std::memory_order_acquire); }

    boot_clock::time_point newest_proof() const noexcept
    {
        return boot_clock::time_point{boot_clock::duration{newest_.load(std::memory_order_acquire)}};
    }
    boot_clock::time_point good_until() const noexcept
    {
        return newest_proof() + boot_clock::duration{good_for_.load(std::memory_order_acquire)};
    }
    bool good() const noexcept { return !over() && boot_clock::now() < good_until(); }

private:
    std::atomic<boot_clock::rep> good_for_;
    std::atomic<boot_clock::rep> newest_{0};
    std::atomic<bool> over_{false};
};

}  // namespace turnstile::inline v0::detail

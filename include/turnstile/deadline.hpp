// One absolute point in time by which a whole call has ended, however many steps it takes.
//
//     co_await m.try_acquire_for(500ms);          // durations convert
//     co_await s.get("/config", deadline::at(t)); // so do points in time
//
// Waiting is measured on the steady clock. (How long a *holding* is good is another question, and another clock: see
// lease::held_until.)
#pragma once

#include <turnstile/export.hpp>

#include <chrono>

namespace turnstile::inline v0 {

/// std::chrono::steady_clock, and its points in time. (Only a simulation, which has a time of its own, makes them differ.)
struct waiting_clock {
    using duration = std::chrono::steady_clock::duration;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::steady_clock::time_point;
    static constexpr bool is_steady = true;

    TURNSTILE_EXPORT static time_point now() noexcept;
};

class deadline {
public:
    using clock = waiting_clock;

    /// Waits as long as it takes.
    constexpr deadline() noexcept = default;

    /// From now on. A negative duration counts as zero: look, do not wait.
    template <class Rep, class Period>
    deadline(std::chrono::duration<Rep, Period> from_now) : when_{after(from_now)}  // NOLINT(*-explicit-*)
    {
    }

    constexpr deadline(clock::time_point when) noexcept : when_{when} {}  // NOLINT(*-explicit-*)

    static constexpr deadline never() noexcept { return {}; }
    static constexpr deadline at(clock::time_point when) noexcept { return {when}; }

    constexpr bool is_never() const noexcept { return when_ == clock::time_point::max(); }
    constexpr clock::time_point when() const noexcept { return when_; }
    bool passed() const noexcept { return !is_never() && clock::now() >= when_; }

    friend constexpr bool operator==(deadline, deadline) noexcept = default;
    friend constexpr auto operator<=>(deadline, deadline) noexcept = default;

private:
    /// Saturates: "a thousand years" means never, not an overflow into the past.
    template <class Rep, class Period>
    static clock::time_point after(std::chrono::duration<Rep, Period> from_now)
    {
        using seconds = std::chrono::duration<double>;
        const auto now = clock::now();
        if (seconds{from_now} <= seconds{0})
            return now;
        if (seconds{from_now} >= seconds{clock::time_point::max() - now})
            return clock::time_point::max();
        return now + std::chrono::duration_cast<clock::duration>(from_now);
    }

    clock::time_point when_ = clock::time_point::max();
};

}  // namespace turnstile::inline v0

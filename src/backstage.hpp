// The SDK's own thread: one per process, however many sessions there are. Alarms, heartbeats, clean-up and reconnects run
// here, never user code, so that a user's busy executor cannot make a lease run out or a deadline pass unnoticed.
#pragma once

#include "unique_function.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>

namespace turnstile::inline v0::detail {

class backstage {
public:
    using clock = std::chrono::steady_clock;

    /// Names one alarm: its time, and a number that tells it from others of the same time.
    using alarm = std::pair<clock::time_point, std::uint64_t>;

    /// The one of this process image: a forked child gets its own. Never destroyed, because sessions of static storage use
    /// it to the very end.
    static backstage& get();

    void post(unique_function<void()> f);

    /// Runs `f` on the backstage thread at `when`.
    alarm at(clock::time_point when, unique_function<void()> f);

    /// False when the alarm has gone off (it may be running now).
    bool cancel(const alarm& a);

    /// Alarms to come.
    std::size_t pending() const;

private:
    backstage();
    void ring();
    void arm();

    boost::asio::io_context context_;
    mutable std::mutex mutex_;
    // Guarded by mutex_.
    std::map<alarm, unique_function<void()>> alarms_;
    std::uint64_t last_alarm_ = 0;
    boost::asio::steady_timer timer_;
    clock::time_point armed_for_ = clock::time_point::max();
};

}  // namespace turnstile::inline v0::detail

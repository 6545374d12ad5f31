// The SDK's own thread: one per process, however many sessions there are. Alarms, heartbeats, clean-up and reconnects run
// here, never user code, so that a user's busy executor cannot make a lease run out or a deadline pass unnoticed.
#pragma once

#include <turnstile/deadline.hpp>

#include "unique_function.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <cstddef>
#include <cstdint>
#include <utility>

namespace turnstile::inline v0::detail {

class backstage {
public:
    using clock = deadline::clock;

    /// Names one alarm: its time, and a number that tells it from others of the same time.
    using alarm = std::pair<clock::time_point, std::uint64_t>;

    /// The one of this process image: a forked child gets its own. Never destroyed, because sessions of static storage use
    /// it to the very end. (In a simulation, its stand-in: no thread.)
    static backstage& get();

    virtual void post(unique_function<void()> f) = 0;
    /// For coroutines of the SDK's own.
    virtual boost::asio::any_io_executor executor() = 0;

    /// Runs `f` on the backstage thread at `when`.
    virtual alarm at(clock::time_point when, unique_function<void()> f) = 0;

    /// False when the alarm has gone off (it may be running now).
    virtual bool cancel(const alarm& a) = 0;

    /// Alarms to come.
    virtual std::size_t pending() const = 0;

protected:
    backstage() = default;
    ~backstage() = default;
};

}  // namespace turnstile::inline v0::detail

// What the SDK takes from the machine that it runs on: the time, and threads that call it back. A simulation puts its own in
// their place, and then decides alone what time it is and what happens next.
//
// For tests that repeat a run exactly. It replaces the clocks, the backstage and the notifier, and with the memory server no
// other thread is left; libzookeeper brings threads and a clock of its own, and cannot be simulated.
#pragma once

#include "unique_function.hpp"

#include <chrono>

namespace turnstile::inline v0::detail {

class backstage;

class simulated_host {
public:
    /// Null in every process that does not simulate.
    static simulated_host* current() noexcept;

    /// Since some beginning; shown by both clocks. Never zero: that would be a machine without a past.
    virtual std::chrono::nanoseconds now() const noexcept = 0;
    virtual backstage& stage() noexcept = 0;
    virtual void notify(unique_function<void()> f) = 0;

protected:
    simulated_host() = default;
    ~simulated_host() = default;

    /// Before the first session is opened; null after the last of its sessions is gone. The host must be able to answer from
    /// here on.
    static void install(simulated_host* h) noexcept;
};

}  // namespace turnstile::inline v0::detail

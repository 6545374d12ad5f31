// What is under way between clients and servers that live in one process: channels, each of them in order, and one function
// that runs the next delivery. Whoever calls that function decides about time: a thread today (delivery_thread), a seeded
// scheduler where a run has to be repeated exactly.
#pragma once

#include <turnstile/deadline.hpp>

#include "unique_function.hpp"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <utility>
#include <vector>

namespace turnstile::inline v0::testing {

/// Thread-safe. A delivery is run and destroyed without any lock of the queue.
class delivery_queue {
public:
    using clock = deadline::clock;
    using action = detail::unique_function<void()>;
    enum class channel : std::uint64_t { none = 0 };

    channel open(bool held = false);
    /// Drops what is still in the channel; what is posted to it later is dropped too.
    void close(channel c);
    /// Nothing of a held channel is delivered, and nothing overtakes what waits in it.
    void hold(channel c, bool held);
    /// To be run after all that was posted to the channel before, and not earlier than `delay` from now.
    void post(channel c, action run, clock::duration delay = {});

    /// Waits for the next delivery and runs it; false once the queue was stopped.
    bool run_next();

    /// Where something waits to be delivered, and from when on it may be: for a scheduler, which takes them in whatever
    /// order.
    struct head {
        channel at;
        clock::time_point due;
    };
    std::vector<head> heads() const;
    /// Runs the first delivery of that channel, if there is one, due or not. Also of one that is held.
    bool run_first_of(channel c);

    void stop();

private:
    struct delivery {
        clock::time_point due;
        std::uint64_t number;
        action run;
    };
    struct line {
        std::deque<delivery> waiting;
        bool held = false;
    };
    using turn = std::pair<std::pair<clock::time_point, std::uint64_t>, channel>;

    static turn turn_of(channel c, const line& l);
    void enlist(channel c, const line& l);
    void delist(channel c, const line& l);
    action take_first(channel c, line& l);

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    // Guarded by mutex_.
    std::map<channel, line> lines_;
    std::set<turn> heads_;  ///< the first delivery of every channel that is neither held nor empty
    std::uint64_t last_channel_ = 0;
    std::uint64_t last_number_ = 0;
    bool stopped_ = false;
};

/// Runs deliveries until it is destroyed, which a delivery itself may do.
class delivery_thread {
public:
    explicit delivery_thread(std::shared_ptr<delivery_queue> queue);
    delivery_thread(const delivery_thread&) = delete;
    delivery_thread& operator=(const delivery_thread&) = delete;
    ~delivery_thread();

private:
    std::shared_ptr<delivery_queue> queue_;
    std::thread thread_;
};

}  // namespace turnstile::inline v0::testing

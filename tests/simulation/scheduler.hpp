// Decides alone what happens next in a simulated world, and when: the delivery of one message, one step of a process's
// executor, one alarm. Everything that is ready stands in lanes; a lane keeps its order, and between lanes the dice decide.
//
// Time is a number. It creeps with every step, and jumps to the next event when nothing is ready.
#pragma once

#include "backstage.hpp"
#include "census.hpp"
#include "dice.hpp"
#include "simulated_host.hpp"
#include "testing/delivery_queue.hpp"

#include <boost/asio/execution_context.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace turnstile::simulation {

using nanoseconds = std::chrono::nanoseconds;
using task = detail::unique_function<void()>;

/// A process of the simulated world; 0 is the world itself, which never stops.
enum class process_id : std::size_t { world = 0 };

/// What runs in a process. Each is one thread of the real thing, so each keeps its order.
enum class lane : std::size_t {
    inbox,     ///< the client library's: answers and events that have arrived
    executor,  ///< the application's
    posted,    ///< the backstage's
    notifier,
};
inline constexpr std::size_t lanes = 4;

/// How rough a run is.
struct roughness {
    std::uint64_t stall_one_in = 0;  ///< a lane or a wire stands still for a while
    nanoseconds stall_max{};
    nanoseconds creep_max{std::chrono::microseconds{50}};

    roughness() = default;
};

class scheduler final : public detail::simulated_host {
public:
    scheduler(dice& d, census& c, roughness r);
    ~scheduler();
    scheduler(const scheduler&) = delete;
    scheduler& operator=(const scheduler&) = delete;

    const std::shared_ptr<testing::delivery_queue>& wires() const noexcept { return wires_; }
    boost::asio::execution_context& context() noexcept { return context_; }

    process_id add_process();
    std::size_t processes() const noexcept { return processes_.size(); }
    void push(process_id p, lane l, task f);
    /// What runs now is a function of that lane.
    bool inside(process_id p, lane l) const noexcept { return current_ == p && current_lane_ == l; }
    /// Runs `f` in the world, at the earliest after `delay`.
    void later(nanoseconds delay, task f);

    /// As by SIGSTOP: nothing of the process runs until then, or until it is woken.
    void stop(process_id p, nanoseconds until);
    void wake(process_id p);
    bool stopped(process_id p) const { return of(p).stopped_until > now_; }

    /// One step. False when nothing will ever happen again by itself; time has not passed `horizon` then.
    bool step(nanoseconds horizon);

    /// For what is not a lane: the time of its next event. The scheduler does not jump over it.
    void on_idle(std::function<nanoseconds()> next) { outside_ = std::move(next); }

    /// What is still to run in the processes, alarms included.
    std::size_t pending() const;

    std::uint64_t steps() const noexcept { return steps_; }
    bool tracing() const noexcept { return tracing_; }
    void trace(bool on) noexcept { tracing_ = on; }
    void note(const std::string& what);
    const std::deque<std::string>& notes() const noexcept { return notes_; }

    // simulated_host
    nanoseconds now() const noexcept override { return now_; }
    detail::backstage& stage() noexcept override { return stage_; }
    void notify(task f) override { push(current_, lane::notifier, std::move(f)); }

private:
    class stage_hand final : public detail::backstage {
    public:
        explicit stage_hand(scheduler& s) : all_{s} {}
        void post(task f) override;
        boost::asio::any_io_executor executor() override;
        alarm at(clock::time_point when, task f) override;
        bool cancel(const alarm& a) override;
        std::size_t pending() const override { return all_.alarms_.size(); }

    private:
        scheduler& all_;
    };
    struct queue {
        std::deque<std::pair<nanoseconds, task>> waiting;  ///< since when, what
        nanoseconds stalled_until{};
    };
    struct process {
        std::array<queue, lanes> queues;
        nanoseconds alarms_stalled_until{};
        nanoseconds stopped_until{};
    };
    struct alarm_entry {
        process_id owner;
        task f;
    };
    /// Something that could run now.
    struct choice {
        enum class kind { queue, alarm, wire } what;
        nanoseconds since;
        process_id p;
        std::size_t index;  ///< lane or channel
        nanoseconds* stalled_until;
    };

    process& of(process_id p) { return processes_[static_cast<std::size_t>(p)]; }
    const process& of(process_id p) const { return processes_[static_cast<std::size_t>(p)]; }
    void drop_everything();
    void collect();
    void offer(choice c, nanoseconds due);
    void run(const choice& c);
    std::string describe(const choice& c) const;

    dice& dice_;
    census& census_;
    const roughness roughness_;
    boost::asio::execution_context context_;
    const std::shared_ptr<testing::delivery_queue> wires_ = std::make_shared<testing::delivery_queue>();
    stage_hand stage_{*this};
    std::deque<process> processes_;
    std::map<detail::backstage::alarm, alarm_entry> alarms_;
    std::uint64_t last_alarm_ = 0;
    std::map<testing::delivery_queue::channel, nanoseconds> wire_stalls_;
    std::function<nanoseconds()> outside_;
    process_id current_ = process_id::world;
    std::optional<lane> current_lane_;
    nanoseconds now_{std::chrono::hours{1}};
    nanoseconds next_{};  ///< when something that is not ready will be
    std::vector<choice> ready_;
    std::uint64_t steps_ = 0;
    bool tracing_ = false;
    std::deque<std::string> notes_;
};

}  // namespace turnstile::simulation

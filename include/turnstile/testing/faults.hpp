// Fails the k-th operation of a program, for every k: what SQLite does to its disk, done to ZooKeeper's answers.
//
//     testing::memory_server server;
//     testing::faults faults{server.transport()};
//     session_options o;
//     o.transport = faults.transport();
//     faults.arm(3, testing::fault::lost_after);    // the third operation from here: done, and its answer lost
//
// `faults` stands in front of any other transport (the memory server, libzookeeper), writes down what passes, and breaks it
// as asked. A body of test code meets every fault at every point by `faultsim`.
//
// Promise: what the layer above sees is what a real client could show: a lost connection is reported, takes everything
// outstanding with it, and comes back in the same ZooKeeper session with the watches that were left; an expiry has ended the
// session on the server before it is told. Nothing is reordered. Thread-safe.
#pragma once

#include <turnstile/testing/export.hpp>
#include <turnstile/testing/memory_server.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace turnstile::inline v0 {

namespace detail {
class transport;
}

namespace testing {

class fault_core;

/// What happens to the operation that is met. In all but the expiries the connection is lost, and comes back by itself.
enum class fault {
    lost_before,     ///< never executed; answered with errc::connection_loss
    lost_after,      ///< executed, its answer lost: errc::connection_loss
    timed_out,       ///< executed, its answer lost: errc::operation_timeout
    expired_before,  ///< never executed; the session ends: errc::session_expired
    expired,         ///< executed, then the session ends: errc::session_expired
};

TURNSTILE_TESTING_EXPORT std::string_view to_string(fault f) noexcept;
TURNSTILE_TESTING_EXPORT const std::vector<fault>& all_faults();

/// One operation that passed.
struct passed_operation {
    std::size_t client = 0;  ///< clients are counted from 1: one for each ZooKeeper session, or attempt to resume one
    std::string verb;
    std::string path;

    passed_operation() = default;
};

class TURNSTILE_TESTING_EXPORT faults {
public:
    explicit faults(std::shared_ptr<detail::transport> inner,
                    std::chrono::milliseconds reconnect_delay = std::chrono::milliseconds{1});
    faults(const faults&) = delete;
    faults& operator=(const faults&) = delete;
    ~faults();

    std::shared_ptr<detail::transport> transport() const;

    // Breaking

    /// The k-th operation (from 1) that is submitted from now on meets the fault. Replaces what was armed before.
    void arm(std::size_t k, fault what);
    /// The k-th operation behind the one that meets what was armed last meets this one.
    void arm_next(std::size_t k, fault what);
    void disarm();
    /// Whether the armed operation came; of several the last.
    bool fired() const;
    /// How many of the armed ones came.
    std::size_t times_fired() const;
    /// "lost_after at operation 3", and, once it came, "(create /app/lock)".
    std::string describe() const;

    /// While one of these lives, operations do not count towards the fault: for what a test prepares and looks up.
    class TURNSTILE_TESTING_EXPORT calm {
    public:
        calm(const calm&) = delete;
        calm& operator=(const calm&) = delete;
        ~calm();

    private:
        friend class faults;
        explicit calm(std::shared_ptr<fault_core> core);
        std::shared_ptr<fault_core> core_;
    };
    calm calmly();

    // Counting, since the start or `reset_counts`

    std::vector<passed_operation> operations() const;
    /// By what verb_of says: "create", "get", "commit" …
    std::size_t count(std::string_view verb) const;
    std::size_t reads() const;
    std::size_t writes() const;
    /// Sequential ones: an operation that is submitted while its client waits for none begins a new one. With a server that
    /// answers within microseconds a pipeline may count twice: give the memory server a round_trip.
    std::size_t round_trips() const;
    void reset_counts();
    /// How many clients were opened in all.
    std::size_t clients() const;

private:
    std::shared_ptr<fault_core> core_;
};

struct faultsim_options {
    std::vector<fault> classes = all_faults();
    /// A body that meets a fault at every point up to here does not end: that is an error.
    std::size_t points_max = 10'000;
    memory_server_options server;

    faultsim_options() = default;
};

struct faultsim_report {
    std::map<fault, std::size_t> points;  ///< at how many operations each class was met

    faultsim_report() = default;
    std::size_t total() const;
};

/// Runs `body` with each fault at its first operation, at its second …, until a run does not meet it any more. Every run has
/// a server of its own. What the body throws comes out with the point in its message (a std::runtime_error, the original
/// nested in it); for GoogleTest put SCOPED_TRACE(f.describe()) into the body.
TURNSTILE_TESTING_EXPORT faultsim_report faultsim(const std::function<void(faults& f, memory_server& server)>& body,
                                                  const faultsim_options& o = faultsim_options{});

/// The same in front of another transport, one for each run.
TURNSTILE_TESTING_EXPORT faultsim_report faultsim(const std::function<std::shared_ptr<detail::transport>()>& inner,
                                                  const std::function<void(faults& f)>& body,
                                                  const faultsim_options& o = faultsim_options{});

}  // namespace testing
}  // namespace turnstile::inline v0

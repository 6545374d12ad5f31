// Keeps the leases of one session honest: sees to it that their clock is fed while there are any, watches their nodes, and
// tells them when they are lost.
//
// While something is held, or somebody waits: one small write on the session's own member node whenever the newest proof of
// life is a quarter of the session timeout old; and at these moments a watch on the node of each lease that has none yet. (A
// holding that is over sooner would pay a read and an event for a watch that its own release fires.)
#pragma once

#include <turnstile/connection_state.hpp>
#include <turnstile/error.hpp>

#include "backstage.hpp"
#include "unique_function.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace turnstile::inline v0::detail {

class session_core;
class holding;

class keeper {
public:
    explicit keeper(session_core& core) : core_{core} {}
    ~keeper();

    void add(const std::shared_ptr<holding>& h);
    void remove(const holding* h);

    /// The clock is fed while the result exists, as it is while there are leases.
    std::shared_ptr<void> keep_proving();
    /// Feeds the clock now; `told` (may be empty) learns how the write ended.
    void feed(epoch in, unique_function<void(error_code)> told);
    /// A ZooKeeper session with a timeout of its own has begun.
    void timeout_changed();

    /// Reads the lease's nodes and watches them from now on, unless it does already.
    void watch_node(const std::shared_ptr<holding>& h);

    /// The ZooKeeper session of this epoch is over: so are its leases.
    void lose_all(epoch in);

private:
    std::vector<std::shared_ptr<holding>> live() const;
    void arm();
    void tick();
    void feed_first(epoch in, unique_function<void(error_code)> told);
    void on_node_event(const std::shared_ptr<holding>& h);

    session_core& core_;
    std::atomic<bool> feeding_{false};  // one heartbeat at a time: none pile up while the connection is away
    mutable std::mutex mutex_;
    // Guarded by mutex_.
    std::map<std::uint64_t, std::weak_ptr<holding>> holdings_;  // in the order of the grants
    std::uint64_t last_number_ = 0;
    std::size_t provers_ = 0;
    std::optional<backstage::alarm> alarm_;
    epoch member_made_in_ = epoch::none;  // the epoch that has its member node
};

}  // namespace turnstile::inline v0::detail

// Which faults come in which order, for how long, and to whom: fixed by the seed alone.
#pragma once

#include "dice.hpp"

#include <chrono>
#include <cstdint>
#include <string_view>
#include <vector>

namespace turnstile::chaos {

enum class fault_kind {
    // Of servers and the network between them.
    kill_follower,
    kill_leader,
    pause_follower,
    pause_leader,
    isolate_follower,
    isolate_leader,
    lag,
    slow_disk,
    rolling_restart,
    restart_all,
    // Of one client, or of one key.
    kill_client,
    kill_holder,
    pause_client,
    freeze_holder,
    cut,
    refuse,
    stall,
    stall_replies,
    delay,
    end_session,
    lost_create_executed,
    lost_create_absent,
    lost_delete_reply,
    reap_container,
    dns_gone,
};

std::string_view name_of(fault_kind k) noexcept;

struct planned_fault {
    fault_kind kind{};
    std::uint64_t target = 0;  ///< whom it hits: taken modulo how many there are
    std::chrono::milliseconds length{0};
    std::chrono::milliseconds before{0};  ///< peace ahead of it
};

/// One track of faults: every kind once, in an order of chance, then by chance, the more worth ones more often.
class fault_plan {
public:
    static fault_plan of_servers(std::uint64_t seed);
    /// Without `dns_gone` where names cannot be taken away.
    static fault_plan of_clients(std::uint64_t seed, bool with_dns, std::chrono::milliseconds session_timeout);

    planned_fault next();

private:
    struct kind_of_fault {
        fault_kind kind;
        unsigned weight;
        std::chrono::milliseconds least;
        std::chrono::milliseconds most;
    };
    struct peace {
        std::chrono::milliseconds least;
        std::chrono::milliseconds most;
    };

    fault_plan(std::uint64_t seed, std::vector<kind_of_fault> kinds, peace between);
    const kind_of_fault& pick();

    dice dice_;
    std::vector<kind_of_fault> kinds_;
    std::vector<kind_of_fault> first_round_;
    peace between_;
};

}  // namespace turnstile::chaos

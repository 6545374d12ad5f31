// What goes wrong, and when: connections, pauses of processes and of the server, expiries. It also plays the servers' clock:
// a session that is not heard of for its timeout ends.
#pragma once

#include "census.hpp"
#include "dice.hpp"
#include "referee.hpp"
#include "scheduler.hpp"

#include <turnstile/testing/memory_server.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace turnstile::testing {
class memory_core;
}

namespace turnstile::simulation {

/// How often, in steps; 0: never.
struct hostility {
    std::uint64_t cut_one_in = 0;          ///< any step
    std::uint64_t snipe_one_in = 0;        ///< a create or a delete: the connection goes with it
    std::uint64_t stop_one_in = 0;         ///< a process
    std::uint64_t end_session_one_in = 0;  ///< from outside
    std::uint64_t freeze_one_in = 0;       ///< the server, or what it says
    std::uint64_t refuse_one_in = 0;       ///< connections
    std::uint64_t touch_one_in = 0;        ///< the data of a place
    std::uint64_t stranger_one_in = 0;     ///< another library's contender comes and goes
    std::uint64_t reap_one_in = 0;         ///< the servers remove empty directories
    std::uint64_t faults_max = 0;

    hostility() = default;
};

class nemesis {
public:
    nemesis(dice& d, scheduler& s, testing::memory_server& server, testing::memory_core& core, referee& r, census& c,
            hostility h, std::chrono::milliseconds timeout, std::vector<std::string> directories);
    ~nemesis();
    nemesis(const nemesis&) = delete;
    nemesis& operator=(const nemesis&) = delete;

    /// Called before each step.
    void act();
    /// When it wants to act next although nothing happens.
    nanoseconds next() const;
    /// From here on everything heals.
    void rest();
    bool exhausted() const noexcept { return faults_ >= hostility_.faults_max; }
    /// Processes that stay stopped until nobody else has anything to do.
    bool wake_the_frozen();

private:
    void met(std::int64_t session, const operation& o);
    void cut(std::int64_t session);
    void stop_somebody();
    void end_a_session();
    void freeze_server();
    void refuse_for_a_while();
    void touch_a_place();
    void send_a_stranger();
    void send_a_stranger_who_becomes_a_reader(const std::string& directory);
    void keep_time();
    bool silent(std::int64_t session) const;
    bool strike(std::uint64_t one_in);

    dice& dice_;
    scheduler& scheduler_;
    testing::memory_server& server_;
    testing::memory_core& core_;
    referee& referee_;
    census& census_;
    const hostility hostility_;
    const std::chrono::milliseconds timeout_;
    const std::vector<std::string> directories_;
    std::map<std::int64_t, nanoseconds> expires_at_;  ///< unless heard of
    std::vector<process_id> frozen_;
    std::uint64_t faults_ = 0;
    bool resting_ = false;
    bool frozen_server_ = false;
    bool refusing_ = false;
};

}  // namespace turnstile::simulation

// One coroutine of a simulated process that wants locks: it asks for one in a random manner, holds it in a random manner,
// gives it back in a random manner, and tells the referee what it was told.
#pragma once

#include "census.hpp"
#include "dice.hpp"
#include "process_executor.hpp"
#include "referee.hpp"
#include "scheduler.hpp"

#include <turnstile/recipes/cohort_mutex.hpp>
#include <turnstile/recipes/multi_lock.hpp>
#include <turnstile/recipes/mutex.hpp>
#include <turnstile/recipes/semaphore.hpp>
#include <turnstile/recipes/shared_mutex.hpp>

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace turnstile::simulation {

/// What all contenders of a run share.
struct world {
    dice& chance;
    scheduler& time;
    referee& judge;
    census& counts;
    testing::memory_server& server;
    std::string root;
    std::vector<std::string> keys;
    std::map<std::string, line_rule> rules;  ///< of the keys
    std::map<process_id, cohort> cohorts;
    std::chrono::milliseconds timeout;
    bool calm = false;  ///< nothing goes wrong: then nothing may be lost
    std::size_t calls_open = 0;
    std::uint64_t calls_ended = 0;

    world(dice& d, scheduler& s, referee& r, census& c, testing::memory_server& m)
        : chance{d}, time{s}, judge{r}, counts{c}, server{m}
    {
    }
};

/// Ends after so many turns.
boost::asio::awaitable<void> contend(world& w, process_id p, session s, std::size_t turns);

}  // namespace turnstile::simulation

// A world of simulated processes: what all contenders of a run share.
#pragma once

#include "census.hpp"
#include "dice.hpp"
#include "process_executor.hpp"
#include "referee.hpp"
#include "scheduler.hpp"

#include <turnstile/recipes/cohort_mutex.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace turnstile::simulation {

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

    /// What a process does, for the trace.
    void note(process_id p, const std::string& what);
    /// What may not be.
    void object(process_id p, const std::string& what);
    /// A process has lost what it held.
    void lost(process_id p, const lease& held);
};

}  // namespace turnstile::simulation

// A workload is one thing done by several sides: peers, and Turnstile in one style or more.
#pragma once

#include "reading.hpp"
#include "target.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace bench {

struct libraries;

/// Where and how long.
struct arena {
    std::string servers;
    std::chrono::milliseconds duration{500};  ///< of each loop that is measured by its rate
    int samples = 300;                        ///< of each latency that is measured one by one
    int waiters = 10'000;

    arena() = default;

    /// How often what is measured one by one is done before it counts.
    int warming_up() const { return std::max(samples / 15, 1); }
};

using run = std::function<reading(const arena&)>;

/// Who does the same beside us.
struct peer {
    std::string name;     ///< "raw", "Curator", "kazoo", ...: what targets, the table and the JSON call it
    run go;               ///< empty: it is not here
    bool is_limit;        ///< has the column of the limit: nobody who does the same can be better
    bool wants_warm_up;   ///< is compiled while it runs, so that its first rounds tell nothing
    std::string missing;  ///< what has to be installed to bring it here

    /// The limit of everything that sends requests: no library on top of libzookeeper can do better.
    static peer raw_client(run go) { return limit("raw", std::move(go)); }
    static peer limit(std::string name, run go) { return {std::move(name), std::move(go), true, false, {}}; }
};

/// Turnstile's side, in one way of using it.
struct contestant {
    std::string style;
    run go;
};

struct measure {
    std::string id;    ///< as in the table of targets; "" is context, printed with the measure above it
    std::string name;  ///< key of the reading
    std::vector<target> targets;
};

struct workload {
    std::string title;
    std::vector<peer> peers;
    std::vector<contestant> ours;
    std::vector<measure> measures;
    int rounds_max = 1'000;  ///< so many are enough: what is counted, or weighed, hardly varies
};

/// The server, for as long as a loop takes.
void keep_busy(const arena& a);

std::vector<workload> uncontended(const libraries& others);
std::vector<workload> contended(const libraries& others);
std::vector<workload> many_keys(const libraries& others);
std::vector<workload> fresh_keys(const libraries& others);
std::vector<workload> refused_tries(const libraries& others);
std::vector<workload> family_alone(const libraries& others);
std::vector<workload> family_races(const libraries& others);
std::vector<workload> many_waiters(const libraries& others);
std::vector<workload> local_hand_over(const libraries& others);
std::vector<workload> deep_queue(const libraries& others);
std::vector<workload> far_away(const libraries& others);

}  // namespace bench

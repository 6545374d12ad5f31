// A workload is one thing done by two sides: a peer, and Turnstile in one style or more.
#pragma once

#include "statistics.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace bench {

class curator;

/// Where and how long.
struct arena {
    std::string servers;
    std::chrono::milliseconds duration{700};  ///< of each loop that is measured by its rate
    int samples = 400;                        ///< of each latency that is measured one by one
    int waiters = 10'000;

    arena() = default;
};

using run = std::function<reading(const arena&)>;

/// Who does the same beside us.
struct peer {
    std::string name;    ///< heads a column of the report
    std::string word;    ///< for targets, and in the JSON
    std::string file;    ///< of results, without its ending
    run go;              ///< empty: it is not here
    bool wants_warm_up;  ///< is compiled while it runs, so that its first rounds tell nothing

    /// The limit: no library on top of libzookeeper can do better.
    static peer raw_client(run go) { return {"raw C client", "raw", "latest", std::move(go), false}; }
};

/// Turnstile's side, in one way of using it.
struct contestant {
    std::string style;
    run go;
};

struct target {
    enum kind { at_most_times_peer, at_least_times_peer, at_most } how;
    double bar;
};

struct measure {
    std::string id;    ///< as in the table of targets; "" is context, printed with the measure above it
    std::string name;  ///< key of the reading
    std::optional<target> wanted;
};

struct workload {
    std::string title;
    peer beside;
    std::vector<contestant> ours;
    std::vector<measure> measures;
};

workload uncontended_latency();
workload uncontended_rate();
workload one_key(int contenders);
workload many_waiters();
workload local_hand_over();

/// The lock family beside Curator: see curator.hpp.
std::vector<workload> family_alone(const std::shared_ptr<curator>& other);
std::vector<workload> family_races(const std::shared_ptr<curator>& other);

}  // namespace bench

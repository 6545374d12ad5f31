// A workload is one thing done by two sides: the raw C client, and Turnstile in one style or more.
#pragma once

#include "statistics.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace bench {

/// Where and how long.
struct arena {
    std::string servers;
    std::chrono::milliseconds duration{700};  ///< of each loop that is measured by its rate
    int samples = 400;                        ///< of each latency that is measured one by one
    int waiters = 10'000;

    arena() = default;
};

using run = std::function<reading(const arena&)>;

/// Turnstile's side, in one way of using it.
struct contestant {
    std::string style;
    run go;
};

struct target {
    enum kind { at_most_times_raw, at_least_times_raw, at_most } how;
    double bar;
};

struct measure {
    std::string id;    ///< as in the table of targets; "" is context, printed with the measure above it
    std::string name;  ///< key of the reading
    std::optional<target> wanted;
};

struct workload {
    std::string title;
    run raw;
    std::vector<contestant> ours;
    std::vector<measure> measures;
};

workload uncontended_latency();
workload uncontended_rate();
workload one_key(int contenders);
workload many_waiters();

}  // namespace bench

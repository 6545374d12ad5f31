// What the work costs this process, and how many requests it sends.
#pragma once

#include "reading.hpp"

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace bench {

/// Names of the measures that meter::per_pair adds.
namespace per_pair {
inline constexpr auto cpu = "client CPU µs a pair";
inline constexpr auto switches = "context switches a pair";
inline constexpr auto allocations = "allocations a pair";
inline constexpr auto requests = "requests a pair";
inline constexpr auto nodes_left = "nodes left a pair";
}  // namespace per_pair

/// What anybody does to the server: requests, and nodes that stay. Counts from its construction on.
class traffic {
public:
    explicit traffic(std::string servers);
    void share(reading& into, double pairs) const;

private:
    std::string servers_;
    double requests_before_;
    double nodes_before_;
};

/// What this process takes, and the traffic meanwhile. Counts from its construction on.
class meter {
public:
    explicit meter(std::string servers);
    /// Shares what was used so far among `pairs` of acquire and release.
    void share(reading& into, double pairs) const;

private:
    struct totals {
        double cpu_us;
        double switches;  // voluntary: a thread had to wait to be woken
        double allocations;
    };
    static totals totals_now();

    traffic traffic_;
    totals before_;
};

/// The same of another process, as far as it is seen from outside.
class meter_of_another {
public:
    meter_of_another(std::string servers, pid_t whose);
    void share(reading& into, double pairs) const;

private:
    traffic traffic_;
    pid_t whose_;
    double cpu_us_before_;
};

/// What a process occupies.
struct footprint {
    double resident_bytes;
    double threads;
    double descriptors;
};
footprint footprint_of(pid_t process);

/// What each of so many waiters has added.
reading growth(const footprint& before, const footprint& after, int waiters);

/// Bytes that this process has allocated and not freed. What was freed is given back to the system first.
double heap_now();

/// Requests that the server (the first of `servers`) has received from anybody.
double requests_received(const std::string& servers);

/// Returns when the server has had nothing to do for a while, so that everything sent has been dealt with.
void until_quiet(const std::string& servers);

}  // namespace bench

// What the work costs this process, and how many requests it sends.
#pragma once

#include "statistics.hpp"

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
}  // namespace per_pair

/// Counts from its construction on.
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
        double requests;
    };
    totals totals_now() const;

    std::string servers_;
    totals before_;
};

/// What another process takes, as far as it is seen from outside: CPU, and requests of anybody. Counts from its construction
/// on.
class meter_of_another {
public:
    meter_of_another(std::string servers, pid_t whose);
    void share(reading& into, double pairs) const;

private:
    std::string servers_;
    pid_t whose_;
    double cpu_us_before_;
    double requests_before_;
};

/// What this process occupies.
struct footprint {
    double heap_bytes;
    double resident_bytes;
    double threads;
    double descriptors;
};
footprint footprint_now();

/// Requests that the server (the first of `servers`) has received from anybody.
double requests_received(const std::string& servers);

/// Returns when the server has had nothing to do for a while, so that everything sent has been dealt with.
void until_quiet(const std::string& servers);

}  // namespace bench

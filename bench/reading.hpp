// What one side of a workload shows in one round.
#pragma once

#include <initializer_list>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace bench {

struct reading {
    std::map<std::string, double> values;                ///< by the name of the measure
    std::map<std::string, std::vector<double>> samples;  ///< whose distribution is kept, by what they are

    reading() = default;
    reading(std::initializer_list<std::pair<const std::string, double>> some) : values{some} {}

    double& operator[](const std::string& name) { return values[name]; }
};

/// Names of what more than one file measures.
namespace name {
inline constexpr auto acquire = "acquire µs";  // samples
inline constexpr auto acquire_p50 = "acquire p50 µs";
inline constexpr auto acquire_p99 = "acquire p99 µs";
inline constexpr auto pair_p50 = "acquire + release p50 µs";
inline constexpr auto pairs_a_second = "pairs/s";
inline constexpr auto grants_a_second = "grants/s";
inline constexpr auto hand_over = "hand-over µs";  // samples
inline constexpr auto hand_over_p50 = "hand-over p50 µs";
inline constexpr auto hand_over_p99 = "hand-over p99 µs";
inline constexpr auto resident = "resident bytes a waiter";
inline constexpr auto threads = "threads a waiter";
inline constexpr auto descriptors = "descriptors a waiter";
}  // namespace name

void tell_acquires(reading& into, std::vector<double> microseconds);
void tell_hand_overs(reading& into, std::vector<double> microseconds);

}  // namespace bench

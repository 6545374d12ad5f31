#include "reading.hpp"

#include "statistics.hpp"

namespace bench {

void tell_acquires(reading& into, std::vector<double> microseconds)
{
    into[name::acquire_p50] = percentile(microseconds, 0.50);
    into[name::acquire_p99] = percentile(microseconds, 0.99);
    into.samples[name::acquire] = std::move(microseconds);
}

void tell_hand_overs(reading& into, std::vector<double> microseconds)
{
    into[name::hand_over_p50] = percentile(microseconds, 0.50);
    into[name::hand_over_p99] = percentile(microseconds, 0.99);
    into.samples[name::hand_over] = std::move(microseconds);
}

}  // namespace bench

// A race as a whole, as a picture: how many turns were taken in each moment, and what was done to the servers meanwhile.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace orderdesk {

struct activity {
    using time = std::int64_t;  ///< microseconds of the event log's clock

    struct fault {
        time from = 0;
        time to = 0;
        std::string what;
    };

    std::string title;
    std::string subtitle;
    time from = 0;
    time to = 0;
    std::vector<time> turns;  ///< when each began
    std::vector<fault> faults;
};

std::string to_svg(const activity& a);

/// From the act's books and event log.
activity activity_of(const std::filesystem::path& dir);

}  // namespace orderdesk

// Whether a process that lives long grows. Many do not live long in a run; the veteran does.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace turnstile::chaos {

/// What a process occupies.
struct footprint {
    std::int64_t resident = 0;  ///< bytes of its pages that are in memory
    std::int64_t heap = 0;      ///< bytes that it has allocated and not freed
    std::int64_t descriptors = 0;
};

/// Compares the second quarter of a run, behind the warm-up, with the last one: by medians, so that a moment in which a
/// connection is being replaced, or a call is larger than others, does not count.
class growth_chart {
public:
    /// At even intervals, from the first start to the end.
    void note(const footprint& f);

    /// By the names of the report: "veteran_heap_kib", "veteran_heap_growth_permille" ...
    std::map<std::string, std::int64_t> figures() const;
    /// What has grown by more than it may, in words. Empty: all is flat.
    std::vector<std::string> findings() const;

private:
    /// The second quarter and the last.
    struct comparison {
        std::int64_t early = 0;
        std::int64_t late = 0;

        std::int64_t growth() const { return late - early; }
        std::int64_t permille() const { return early == 0 ? 0 : growth() * 1'000 / early; }
    };
    comparison compare(std::int64_t footprint::*what) const;

    std::vector<footprint> looks_;
};

}  // namespace turnstile::chaos

// The findings, for people (Markdown) and for programs (JSON).
#pragma once

#include "statistics.hpp"
#include "workload.hpp"

#include <string>
#include <vector>

namespace bench {

/// All rounds of one workload. `ours` stands in the order of workload::ours.
struct findings {
    workload what;
    std::vector<reading> raw;
    std::vector<std::vector<reading>> ours;
};

std::string as_markdown(const std::vector<findings>& all);
std::string as_json(const std::vector<findings>& all);

}  // namespace bench

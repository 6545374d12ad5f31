// The findings, for people (Markdown) and for programs (JSON).
#pragma once

#include "statistics.hpp"
#include "workload.hpp"

#include <string>
#include <vector>

namespace bench {

/// All rounds of one workload. `theirs` is empty when the peer is not here; `ours` stands in the order of workload::ours.
struct findings {
    workload what;
    std::vector<reading> theirs;
    std::vector<std::vector<reading>> ours;
};

/// Of workloads beside one peer.
std::string as_markdown(const std::vector<findings>& all);
std::string as_json(const std::vector<findings>& all);

}  // namespace bench

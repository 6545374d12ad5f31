// The findings, for people (Markdown) and for programs (JSON).
#pragma once

#include "findings.hpp"

#include <string>
#include <vector>

namespace bench {

std::string as_markdown(const std::vector<findings>& all);

/// Every round's figures, and the distributions of what was measured one by one.
std::string as_json(const std::vector<findings>& all);

}  // namespace bench

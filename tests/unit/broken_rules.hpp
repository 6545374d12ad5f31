// What a verdict says, in the fewest words.
#pragma once

#include "support/story.hpp"

#include <set>
#include <string>
#include <vector>

namespace turnstile::test {

inline std::vector<std::string> broken_rules(const testing::history_verdict& v)
{
    std::vector<std::string> names;
    for (const auto& r : v.rules)
        if (r.violations > 0)
            names.push_back(r.rule);
    return names;
}

/// Whose calls the first violation's evidence shows.
inline std::set<std::string> calls_shown(const testing::history_verdict& v)
{
    std::set<std::string> ops;
    for (const auto& e : v.violations.front().evidence)
        if (!e.op.empty())
            ops.insert(e.op);
    return ops;
}

}  // namespace turnstile::test

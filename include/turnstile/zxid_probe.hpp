// Which zxid a transaction has: a create in one does not tell it, a set does. So a node is made, set and erased on the way,
// in the same transaction; nobody ever sees it.
#pragma once

#include <turnstile/operation.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace turnstile::inline v0 {

/// Adds three steps. Nothing may stand at `passing`, and whoever commits must be allowed to create and to erase there.
inline void add_zxid_probe(std::vector<op::step>& steps, const std::string& passing, acl access = {})
{
    steps.emplace_back(op::create{passing, "", create_mode::persistent, std::move(access)});
    steps.emplace_back(op::set{passing, ""});
    steps.emplace_back(op::erase{passing});
}

/// What it told, of a transaction that happened: `first` is the number of steps before the probe's.
inline std::int64_t probed_zxid(const std::vector<step_result>& results, std::size_t first)
{
    return results.at(first + 1).stat.mzxid;
}

}  // namespace turnstile::inline v0

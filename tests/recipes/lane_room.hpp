// What the tests of lanes have in common: two kinds of resources, and lanes whose shards many of them share.
#pragma once

#include <turnstile/blocking.hpp>
#include <turnstile/recipes/lane.hpp>

#include <chrono>
#include <cstddef>
#include <utility>
#include <variant>

namespace turnstile::test {

using order = resource_kind<"order", "id:u64">;
using coupon = resource_kind<"coupon", "code:text">;

inline const resource_key key = order::key(42);

inline lane_options few_shards(std::size_t max_waiters = lane_policy{}.max_waiters)
{
    lane_options o;
    o.policy.shards = 2;
    o.policy.max_waiters = max_waiters;
    return o;
}

inline lane open_lane(const session& s, lane_options how = few_shards())
{
    return blocking::wait(lane::open(s, definitions_of<order, coupon>(), std::move(how)));
}

/// Throws std::bad_variant_access when it is refused.
inline turn enter(const lane& l, const turn_keys& keys, const char* operation = "edit")
{
    return std::get<turn>(blocking::wait(l.enter(keys, {operation, std::chrono::seconds{15}})));
}

}  // namespace turnstile::test

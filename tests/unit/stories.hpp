// Histories that more than one file of tests judges.
#pragma once

#include "support/story.hpp"

#include <chrono>
#include <cstdint>
#include <tuple>

namespace turnstile::test {

using testing::holding_kind;

/// y is granted while x is inside; x believes to hold until then.
inline story overlap(std::chrono::nanoseconds until, holding_kind first = holding_kind::mutex,
                     holding_kind second = holding_kind::mutex)
{
    story s;
    s.turn("before", 1);
    s.invoke("x");
    s.invoke("y");
    auto& x = s.granted("x", 10);
    x.held_until = s.boot_in(until);
    x.kind = first;
    s.granted("y", 20).kind = second;
    s.released("x");
    s.released("y");
    s.turn("after", 30);
    return s;
}

inline story permits(std::int64_t first, std::int64_t second, std::int64_t maximum)
{
    story s;
    for (const auto& [op, weight, token] : {std::tuple{"x", first, 10}, std::tuple{"y", second, 20}}) {
        s.invoke(op);
        auto& e = s.granted(op, token);
        e.kind = holding_kind::permits;
        e.weight = weight;
        e.maximum = maximum;
    }
    s.released("x");
    s.released("y");
    return s;
}

/// x is lost and writes once more after y has begun to; accepted or not.
inline story late_write(bool accepted)
{
    story s;
    s.turn("before", 1);
    s.invoke("x");
    s.granted("x", 10);
    s.effect("x", 10);
    s.invoke("y");
    s.lost("x");
    s.granted("y", 20);
    s.effect("y", 20);
    s.effect("x", 10, accepted).zombie = true;
    s.released("y");
    s.turn("after", 30);
    return s;
}

}  // namespace turnstile::test

// A turn for threads: the function runs on the calling thread, as itself, and may wait for whatever it likes.
//
//     auto done = blocking::run(desk, order::key(42), {"capture", 3s}, [&](turn& t) {
//         s.wait(t.declare("capture 12.50"));
//         t.check();
//         return provider.capture(…);
//     });
//
// As lane::run, but that nothing interrupts the function when the turn is lost: ask t.check(). The thread is the owner, so
// asking again for what it holds throws errc::would_deadlock.
#pragma once

#include <turnstile/blocking.hpp>
#include <turnstile/recipes/lane.hpp>

#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

namespace turnstile::inline v0::blocking {

template <class F>
auto run(const lane& where, turn_keys keys, turn_request how, F f) -> turn_result<std::invoke_result_t<F&, turn&>>
{
    using reply = std::invoke_result_t<F&, turn&>;
    if (how.owner.is_anybody())
        how.owner = owner_id::this_thread();
    auto entered = wait(where.enter(std::move(keys), std::move(how)));
    if (const auto* refused = std::get_if<refusal>(&entered))
        return *refused;
    auto& ours = std::get<turn>(entered);
    std::optional<typename turn_result<reply>::value_type> answer;
    try {
        if constexpr (std::is_void_v<reply>) {
            f(ours);
            answer.emplace();
        } else {
            answer.emplace(f(ours));
        }
    } catch (const error& e) {
        if (e.code() != errc::lost || ours.held())
            throw;
        return ours.how_lost();
    }
    wait(ours.leave());
    return std::move(*answer);
}

}  // namespace turnstile::inline v0::blocking

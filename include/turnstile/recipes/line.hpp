// What all fair recipes have in common: how a place in a line is asked for, and who stands there.
#pragma once

#include <turnstile/deadline.hpp>
#include <turnstile/recipes/owner.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace turnstile::inline v0 {

/// What a place in a line is for.
enum class access {
    exclusive,  ///< a mutex's, a writer's
    shared,     ///< a reader's, or of a writer that has become one
    permits,    ///< a semaphore's
};

/// Somebody in the line. What is not known (another library's contender, a node that just went) is empty or zero.
struct contender {
    std::string node;  ///< name in the lock's directory
    std::int64_t sequence = 0;
    turnstile::access access = turnstile::access::exclusive;
    std::uint32_t weight = 1;  ///< permits
    std::int64_t session = 0;  ///< ZooKeeper session that owns the place
    std::string host;
    std::int64_t pid = 0;
    std::string label;                            ///< session_options::label
    std::string purpose;                          ///< acquire's
    std::chrono::system_clock::time_point since;  ///< when the place was taken, by the leader's clock

    contender() = default;
};

/// The line as one server saw it at one moment, by places: front() holds. Whether others hold as well is the recipe's rule.
using line_view = std::vector<contender>;

/// How one place in the line is asked for.
struct acquire_options {
    /// Whole call, in every step. Never, unless said.
    deadline until;
    /// What for: shown to whoever inspects the line. At most 200 bytes.
    std::string purpose;
    /// Who asks. One owner asking twice for the same line is refused (errc::would_deadlock), because it would wait for
    /// itself. Owners that wait for each other in a circle are found: see deadlock.hpp.
    owner_id owner;
    /// … unless it wants a second place on purpose (somebody else will release the first).
    bool second_place = false;

    acquire_options() = default;
    acquire_options(deadline until_) : until{until_} {}  // NOLINT(*-explicit-*)
    template <class Rep, class Period>
    acquire_options(std::chrono::duration<Rep, Period> from_now) : until{from_now}  // NOLINT(*-explicit-*)
    {
    }
};

}  // namespace turnstile::inline v0

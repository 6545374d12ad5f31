// Who is let in: how deep the queue may be, how long turns have taken of late, and when to come again. No I/O.
#pragma once

#include <turnstile/deadline.hpp>
#include <turnstile/recipes/lane.hpp>

#include <chrono>
#include <cstddef>
#include <mutex>
#include <string>
#include <unordered_map>

namespace turnstile::inline v0::detail {

class lane_load {
public:
    using clock = deadline::clock;

    /// A turn of this kind has taken so long.
    void took(std::chrono::nanoseconds held);
    /// By how long they have taken of late; zero while none has ended.
    std::chrono::nanoseconds usual() const;

    /// Whether somebody who finds `ahead` before itself may stay: nullopt; or why not.
    std::optional<refusal> judge(std::size_t ahead, std::size_t max_waiters, deadline until) const;
    refusal refuse(refusal::reason why, std::size_t ahead) const;

    /// Until then, whoever asks for it again looks before it writes.
    void note_refused(const std::string& line, clock::time_point until);
    bool recently_refused(const std::string& line);

private:
    mutable std::mutex mutex_;
    // Guarded by mutex_.
    std::chrono::nanoseconds usual_{0};
    std::unordered_map<std::string, clock::time_point> refused_;
};

}  // namespace turnstile::inline v0::detail

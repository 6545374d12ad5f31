// What a lease points to: our node at the head of a line (or several, in as many lines), and what is known of how long that
// is good.
#pragma once

#include <turnstile/lease.hpp>
#include <turnstile/session.hpp>

#include "once.hpp"
#include "session_clock.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

namespace turnstile::inline v0::detail {

class mailbox;

class holding : public std::enable_shared_from_this<holding> {
public:
    /// `paths`: at least one.
    holding(session s, std::vector<std::string> paths, turnstile::epoch in, fencing_token token,
            std::shared_ptr<session_clock> clock, std::shared_ptr<void> keepsake, bool together = false);
    ~holding();

    /// Held, and within the deadline. The first call after the deadline makes the loss known.
    bool good();
    /// Somebody else may hold it now. No effect when lost or released already.
    void lose();
    /// Ours to give back, once: held before (true), or lost (false: errc::lost) or released (errc::not_held).
    error_code begin_release();

    const std::string& path() const noexcept { return paths.front(); }

    lease_state state();
    void when_lost(const std::shared_ptr<once<error_code>>& waiting);
    /// The (first) node was read, and may have been written since the grant.
    void was_read(const outcome& node);
    void when_written(const std::shared_ptr<once<outcome>>& waiting);
    std::stop_token stop_token();
    /// Another part of the process has it from now on: whoever waited for news of it is told that it has been released.
    void change_hands();

    // Constant after construction.
    const session owner;
    const std::vector<std::string> paths;
    const turnstile::epoch in;
    const fencing_token token;
    const std::shared_ptr<session_clock> clock;
    const bool together;  ///< given back in a transaction with others, when there are many

    // Touched by the keeper, under its mutex.
    std::shared_ptr<mailbox> own_watch;
    std::uint64_t number = 0;

private:
    bool end_as(lease_state s, error_code told);

    std::atomic<lease_state> state_{lease_state::held};
    std::mutex mutex_;
    // Guarded by mutex_.
    std::vector<std::shared_ptr<once<error_code>>> waiting_;
    std::vector<std::shared_ptr<once<outcome>>> waiting_for_writes_;
    std::int32_t version_ = 0;  // of the node, as last read; 0 is as we made it
    std::int32_t told_version_ = 0;
    std::string written_;  // what it bears in that version
    std::shared_ptr<void> keepsake_;
    std::stop_source stop_{std::nostopstate};  // made for the first who asks for its token
};

}  // namespace turnstile::inline v0::detail

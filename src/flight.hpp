// Operations that were asked for together: queued together, sent back to back, answered together, exactly once.
// After construction everything here is guarded by the session core's mutex.
#pragma once

#include <turnstile/connection_state.hpp>
#include <turnstile/lease.hpp>
#include <turnstile/operation.hpp>

#include "mailbox.hpp"
#include "unique_function.hpp"

#include <boost/intrusive/list_hook.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace turnstile::inline v0::detail {

/// `waiting`: for others to travel with, or under way with them (see group_commit).
enum class flight_stage : unsigned char { grounded, waiting, queued, sent, landed };

using unlinks_itself = boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

/// The hook: a sent flight stands in the core's list of those that are aloft.
struct flight : std::enable_shared_from_this<flight>, unlinks_itself {
    // Constant once submitted. Paths are full: with the session's root.
    std::vector<operation> operations;
    std::shared_ptr<mailbox> box;  ///< of all operations that watch
    epoch in = epoch::none;        ///< belongs to this epoch only
    bool repeatable = false;       ///< doing it twice is harmless: asked again when the connection goes
    bool errand = false;           ///< the SDK's own: what must be cleaned up is never refused for a full queue
    bool together = false;         ///< may share a transaction: one create or erase, and reads of children behind it
    std::size_t line = 0;          ///< no two of one line in a transaction; 0: of none
    std::size_t watch_bytes = 0;   ///< of path, to be watched
    std::size_t ephemeral_bytes = 0;

    // Guarded by the core's mutex.
    std::vector<outcome> answers;
    std::vector<bool> answered;
    unique_function<void(std::vector<outcome>)> done;
    std::shared_ptr<session_core> core;            ///< set while sent
    std::vector<std::shared_ptr<flight>> members;  ///< whom it carries; they get the answers
    boot_clock::time_point sent;
    std::size_t missing = 0;    ///< answers still to come
    std::uint32_t attempt = 0;  ///< answers of earlier attempts are ignored
    flight_stage stage = flight_stage::grounded;
    bool was_sent = false;
    bool has_set_out = false;  ///< counted by group_commit

    flight(std::vector<operation> operations_, unique_function<void(std::vector<outcome>)> done_)
        : operations{std::move(operations_)}, done{std::move(done_)}
    {
        // A watch that could not be forgotten would be left for as long as the node lives, and longest on one that stays.
        repeatable = std::all_of(operations.begin(), operations.end(), [](const operation& o) {
            return is_read(o) || std::holds_alternative<op::forget_watches>(o);
        });
        expect_answers();
    }

    void expect_answers()
    {
        answers.assign(operations.size(), outcome{});
        answered.assign(operations.size(), false);
        missing = operations.size();
        ++attempt;
    }

    void answer(std::size_t index, outcome o)
    {
        answers[index] = std::move(o);
        answered[index] = true;
        --missing;
    }

    /// What has no answer yet ends with `ec`. So do reads whose answers were lost: they would have been asked again.
    void answer_rest(error_code ec)
    {
        for (std::size_t i = 0; i < answers.size(); ++i)
            if (!answered[i])
                answer(i, outcome{ec});
            else if (repeatable && in_doubt(answers[i].ec))
                answers[i] = outcome{ec};
    }
};

}  // namespace turnstile::inline v0::detail

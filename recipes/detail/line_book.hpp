// What the waiters of one session know together of a line in which many of them stand, so that it need not be told to each
// of them: a list of a thousand names is long, and most of those in it are known already to those who came before.
//
// Three things are written down: a list of the directory; a place of ours, just taken; a place that somebody has seen gone.
// When a place of ours got the number just behind the last one that is known, nobody has come in between: then the book
// shows who stands before it, and no list is needed.
//
// Promise: whoever stands in the directory with a number up to the last that is known is in the book. Others in it may have
// gone, unseen; a waiter counts those until it has looked for them, as it does with those of an old list of its own.
//
// Only lines that have a directory for themselves and a capacity of one. One book for each session, epoch and directory,
// while somebody waits there behind more than a few. Thread safety: all members from any thread.
#pragma once

#include <turnstile/session.hpp>

#include "line_request.hpp"
#include "place_name.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace turnstile::inline v0::detail {

class line_book {
public:
    /// Tells a directory from one of the same name that was there before it: the czxid. 0: not known.
    using made = std::int64_t;

    /// Null: nobody waits deep in that line.
    static std::shared_ptr<line_book> find(const line_request& line, epoch in);
    /// Null: the line is of a kind that has none.
    static std::shared_ptr<line_book> open(const line_request& line, epoch in);

    /// All children of the directory.
    void listed(const std::vector<std::string>& children, made directory);
    /// A place of ours, taken before the directory was looked at. True: the book shows all that stand before it.
    bool entered(const place& ours, made directory);
    void gone(std::string_view name);

    /// That was so with the last place that was entered, and may be so with the next.
    bool complete() const;

    struct view {
        std::vector<place> nearest;  ///< the nearest last
        std::uint64_t beyond = 0;    ///< how many stand before those
    };
    /// Who stands before a place; nullopt: the book does not show that.
    std::optional<view> before(const place& own) const;

private:
    void turn_to(made directory);
    std::deque<place>::const_iterator position_of(const place& p) const;

    mutable std::mutex mutex_;
    // Guarded by mutex_.
    made directory_ = 0;
    std::deque<place> places_;      // in order
    std::int64_t last_known_ = -1;  // number
    bool complete_ = false;
    bool strangers_ = false;  // somebody may come whose number is not behind all others
};

}  // namespace turnstile::inline v0::detail

// Waiting at one place of a line, as questions and answers: what `standing` needs to know is asked; in a line that has a
// maximum, that maximum; and when the turn has come in one whose holders may leave something undone, what the last one left.
// A turn_dialogue keeps one vigil; who stands in several lines at once keeps several.
#pragma once

#include <turnstile/error.hpp>
#include <turnstile/operation.hpp>
#include <turnstile/watch.hpp>

#include "line_book.hpp"
#include "line_request.hpp"
#include "standing.hpp"

#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace turnstile::inline v0::detail {

class vigil {
public:
    enum class state : unsigned char {
        our_turn,
        asks,   ///< bring the answers to question()
        waits,  ///< for an event
        never,  ///< why() tells
    };

    /// `line` outlives it. `in` is the epoch in which the place was taken, `book` what was known of the line before.
    vigil(const line_request& line, place own, epoch in, std::shared_ptr<line_book> book = nullptr);

    /// The place has been taken, and then this directory was there.
    void entered(line_book::made directory);
    void listed(const std::vector<std::string>& children, line_book::made directory);
    void told_terms(const outcome& directory);

    state now() const;
    /// It is known who is ahead, and if it is nobody, what the last one left.
    bool placed() const { return terms_known_ && us_.next() != need::list && (us_.next() != need::nothing || left_known_); }
    error_code why() const noexcept { return why_; }

    std::vector<operation> question();
    void answered(std::span<const outcome> answers);
    void happened(const watch_event& event);
    void guard_own() noexcept { us_.guard_own(); }

    /// The answer may be that it is our turn, although somebody is ahead: a writer may have become a reader.
    bool hopes() const { return us_.shared() && us_.known_ahead() == 1; }

private:
    void looked(std::span<const outcome> answers);
    void went(std::string_view name);
    void look_it_up();
    void told_left(const outcome& node);
    void mind_own();
    void give_up(error_code why) noexcept;

    const line_request& line_;
    const epoch in_;
    std::shared_ptr<line_book> book_;  // where many stand
    standing us_;
    // By the last question: the terms, if they were asked for, come first; no glances: the list, unless only they were.
    bool terms_asked_ = false;
    std::vector<standing::glance> asked_;
    error_code why_;
    // Of a line that has a maximum; all true in others.
    bool terms_known_;
    bool terms_watched_;
    bool terms_told_ = false;  // once at least: from then on another maximum is a change, not a mistake
    // Of a line whose holders may leave something; known from the start in others.
    bool left_known_;
    bool left_asked_ = false;
    bool admitted_ = false;
};

}  // namespace turnstile::inline v0::detail

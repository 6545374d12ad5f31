// Looks for a circle now and then, while somebody waits who holds something else: the part of a waiter's dialogue that is
// the same in one line and in several. Costs nothing for those who hold nothing, and for those who have no name.
#pragma once

#include <turnstile/deadline.hpp>

#include "deadlock_search.hpp"
#include "ticket.hpp"

#include <memory>
#include <span>
#include <vector>

namespace turnstile::inline v0::detail {

class circle_watch {
public:
    /// Begins to look, from the places where we wait.
    void look(std::span<const ticket> places);
    /// When to look next.
    deadline next_look() const noexcept { return next_; }

    bool asks() const noexcept { return search_ && search_->asks(); }
    bool found() const noexcept { return search_ && search_->found(); }
    std::vector<operation> question();
    /// False: the answers are to somebody else's question.
    bool answered(std::span<const outcome> answers);
    std::vector<deadlock_wait> cycle() const { return search_->cycle(); }

private:
    std::unique_ptr<deadlock_search> search_;
    bool asked_ = false;
    deadline next_ = deadline::never();
};

}  // namespace turnstile::inline v0::detail

// Taking a place in several lines at once, as decisions without I/O: all the creates in ONE transaction, so that either all
// places are ours or none, and all have the same zxid. Whoever waits for us anywhere has a greater one: so the waits of
// contenders who name their lines in different orders never form a circle.
//
// As `entering`, of which this is the plural: create and list; when the answer was lost, list behind a sync.
#pragma once

#include <turnstile/operation.hpp>

#include "entering.hpp"
#include "ticket.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace turnstile::inline v0::detail {

class joint_entering {
public:
    using state = entering::state;

    /// At least one. `make_directories`: on the way, with all that is missing above them.
    joint_entering(std::vector<ticket> ours, bool make_directories);

    std::vector<operation> question() const;
    state answered(std::vector<outcome> answers);

    const line_request& line() const noexcept { return ours_.front().line(); }
    state result() const noexcept { return state_; }
    error_code why() const noexcept { return why_; }
    std::vector<ticket>& ours() noexcept { return ours_; }
    /// The lines as they were when we entered, in the order of the tickets; none when they are not known.
    std::vector<std::vector<std::string>> take_lists() noexcept { return std::move(lists_); }

private:
    enum class step : unsigned char { create, look, identify };

    std::vector<operation> directories() const;
    op::multi creates() const;
    state created(std::vector<outcome>& answers);
    state looked(std::vector<outcome>& answers);
    state identified(const std::vector<outcome>& answers);
    state not_made(state s, error_code why);
    state end(state s, error_code why);

    std::vector<ticket> ours_;
    bool make_directories_;
    step step_ = step::create;
    state state_ = state::under_way;
    error_code why_;
    std::vector<std::vector<std::string>> lists_;
    std::vector<std::string> marked_;  // in doubt: what bears our markers, in the order of the tickets
};

}  // namespace turnstile::inline v0::detail

// Taking a place at the end of a line, as decisions without I/O: what to ask next, and what the answers mean.
//
// Normally one question: create and list, back to back. Where others of the session wait already, their book may make the
// list unnecessary: then it is only asked whether the directory is still the same. When the create's answer was lost, the
// line is listed behind a sync (without it, a server that lags behind would not show a node which is there), and our marker
// is looked for.
#pragma once

#include <turnstile/operation.hpp>

#include "line_book.hpp"
#include "ticket.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace turnstile::inline v0::detail {

/// Why the directory is still missing: because it cannot be made (trying again would never end), or because it has been
/// reaped since (no error). `answers` begin with those of the `made` creates, from the top; the first refusal is the reason
/// of those that follow.
error_code why_not_made(const std::vector<outcome>& answers, std::size_t made);

/// What an error says of a create.
enum class create_fate : unsigned char {
    not_executed,  ///< the connection went while it was being sent
    in_doubt,      ///< worth looking for
    refused,       ///< by the server, or before anything was sent
    given_up,      ///< by its caller, who does not look: the ticket sweeps
};
create_fate fate_of_create(error_code ec) noexcept;

class entering {
public:
    enum class state : unsigned char {
        under_way,          ///< ask question(), bring the answers
        stands,             ///< the place is ours
        directory_missing,  ///< not executed: try again, and make the directory
        not_executed,       ///< try again
        failed,             ///< why() tells
    };

    /// `make_directory`: on the way, with all that is missing above it.
    entering(ticket t, bool make_directory);

    std::vector<operation> question() const;
    /// See dialogue::move: in a keyed line, whose directory is there, asking for a place may share a transaction.
    std::size_t together() const noexcept;
    state answered(std::vector<outcome> answers);

    const line_request& line() const noexcept { return ours_.line(); }
    state result() const noexcept { return state_; }
    error_code why() const noexcept { return why_; }
    ticket& ours() noexcept { return ours_; }
    /// The line as it was when we entered; empty when it is not known (it always shows ourselves).
    std::vector<std::string> take_list() noexcept { return std::move(list_); }
    /// What others of this session know of the line; null: nothing.
    std::shared_ptr<line_book> take_book() noexcept { return std::move(book_); }
    /// Whether it is the directory that they know.
    line_book::made directory_made() const noexcept { return directory_made_; }
    /// The line's directory as it was then, where it has a maximum and has been asked.
    const std::optional<outcome>& terms() const noexcept { return terms_; }

private:
    enum class step : unsigned char { create, look, identify };

    std::vector<operation> directory() const;
    state created(std::vector<outcome>& answers);
    state looked(std::vector<outcome>& answers);
    state identified(const outcome& own);
    state stand(std::string_view name, const stat& made);
    state not_made(state s, error_code why);
    state end(state s, error_code why);

    operation look_at_directory() const;

    ticket ours_;
    bool make_directory_;
    std::shared_ptr<line_book> book_;
    bool trusts_book_;
    line_book::made directory_made_ = 0;
    step step_ = step::create;
    state state_ = state::under_way;
    error_code why_;
    std::vector<std::string> list_;
    std::optional<outcome> terms_;
    std::vector<std::string> marked_;  // in doubt: what bears our marker, the lowest first
};

}  // namespace turnstile::inline v0::detail

// A place in a line, or the attempt to get one. Who has a ticket from the first byte sent cannot leave a node behind:
// whatever ends the attempt (an error, a deadline, a cancellation), a ticket that is dropped sees to it that the node goes.
#pragma once

#include <turnstile/lease.hpp>
#include <turnstile/session.hpp>

#include "line_request.hpp"
#include "place_name.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace turnstile::inline v0::detail {

class ticket {
public:
    ticket(line_ptr line, epoch in);
    ticket(ticket&& other) noexcept;
    ticket& operator=(ticket&&) = delete;
    ~ticket();

    const line_request& line() const noexcept { return *line_; }
    /// The path to create; the server appends the number.
    std::string path_to_create() const { return line_->directory + "/" + marker_; }
    /// What a node's name begins with if it is ours. Empty once we know its whole name.
    const std::string& marker() const noexcept { return marker_; }
    epoch in() const noexcept { return in_; }

    /// Our node is certain. An error when it cannot be stood on all the same.
    error_code stands_as(std::string_view name, const stat& made);
    /// The create has certainly not been executed: there is nothing to give up.
    void was_never_made() noexcept { made_ = false; }

    const place& own() const noexcept { return own_; }

    std::int64_t session_id() const noexcept { return session_id_; }
    fencing_token token() const noexcept { return token_; }

    /// Hands the node over to who takes care of it from now on: its owner holds it.
    std::string hand_over();

private:
    std::string path() const { return line_->directory + "/" + own_.name; }

    line_ptr line_;  // empty: handed over
    epoch in_;
    bool made_ = true;  // perhaps
    std::int64_t session_id_;
    std::string marker_;
    place own_;
    fencing_token token_ = 0;
};

/// The place becomes a lease.
lease redeem(ticket place, std::shared_ptr<void> keepsake);
/// Several become one: they are held, lost and released together.
lease redeem(std::vector<ticket> places, std::shared_ptr<void> keepsake);

}  // namespace turnstile::inline v0::detail

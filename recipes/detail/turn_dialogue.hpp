// Taking a place and waiting there for one's turn, as one conversation with the servers: what `entering` and `standing` need
// to know is asked, and nobody is woken before the end.
#pragma once

#include <turnstile/dialogue.hpp>

#include "entering.hpp"
#include "standing.hpp"

#include <optional>
#include <vector>

namespace turnstile::inline v0::detail {

class turn_dialogue final : public dialogue {
public:
    enum class goal : unsigned char {
        turn,   ///< wait until everybody ahead has gone
        place,  ///< take a place, and see whether anybody is ahead
    };

    turn_dialogue(entering in, goal g);

    move begin() override;
    move answered(std::vector<outcome> answers) override;
    move happened(const watch_event& event) override;
    move waited() override;

    // For the owner, once the conversation has ended.

    const entering& entered() const noexcept { return entering_; }
    ticket& ours() noexcept { return entering_.ours(); }
    bool our_turn() const { return us_ && us_->next() == need::nothing; }

private:
    move enter(std::vector<outcome> answers);
    move look(const std::vector<outcome>& answers);
    move next();
    move ask_to_look();
    const std::string& directory() const noexcept { return entering_.line().directory; }

    entering entering_;
    const goal goal_;
    bool patient_ = false;
    const deadline long_wait_;             // from when on our own node is looked after as well
    std::optional<standing> us_;           // from when on we stand
    std::vector<standing::glance> asked_;  // by the last question; empty: for the list
};

}  // namespace turnstile::inline v0::detail

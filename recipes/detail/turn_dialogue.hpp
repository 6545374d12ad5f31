// Taking a place and waiting there for one's turn, as one conversation with the servers: what `entering` and `vigil` need
// to know is asked, and nobody is woken before the end.
#pragma once

#include <turnstile/dialogue.hpp>

#include "circle_watch.hpp"
#include "entering.hpp"
#include "vigil.hpp"

#include <optional>
#include <vector>

namespace turnstile::inline v0::detail {

class turn_dialogue final : public dialogue {
public:
    enum class goal : unsigned char {
        turn,   ///< wait until there is room for us
        place,  ///< take a place, and see whether there is room
    };

    turn_dialogue(entering in, goal g);

    move begin() override;
    move answered(std::vector<outcome> answers) override;
    move happened(const watch_event& event) override;
    move waited() override;

    // For the owner, once the conversation has ended.

    const entering& entered() const noexcept { return entering_; }
    ticket& ours() noexcept { return entering_.ours(); }
    /// When the conversation has ended with errc::would_deadlock.
    std::vector<deadlock_wait> cycle() const { return circle_.cycle(); }
    bool our_turn() const { return us_ && us_->now() == vigil::state::our_turn; }

private:
    move enter(std::vector<outcome> answers);
    move next();

    entering entering_;
    const goal goal_;
    bool patient_ = false;
    bool looked_ = false;
    circle_watch circle_;
    const deadline long_wait_;  // from when on our own node is looked after as well
    std::optional<vigil> us_;   // from when on we stand
};

}  // namespace turnstile::inline v0::detail

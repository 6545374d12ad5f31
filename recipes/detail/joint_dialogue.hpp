// Taking a place in several lines at once and waiting there until it is our turn in all of them: turn_dialogue's plural.
#pragma once

#include <turnstile/dialogue.hpp>

#include "circle_watch.hpp"
#include "joint_entering.hpp"
#include "turn_dialogue.hpp"
#include "vigil.hpp"

#include <cstddef>
#include <vector>

namespace turnstile::inline v0::detail {

class joint_dialogue final : public dialogue {
public:
    using goal = turn_dialogue::goal;

    joint_dialogue(joint_entering in, goal g);

    move begin() override;
    move answered(std::vector<outcome> answers) override;
    move happened(const watch_event& event) override;
    move waited() override;

    // For the owner, once the conversation has ended.

    const joint_entering& entered() const noexcept { return entering_; }
    std::vector<ticket>& ours() noexcept { return entering_.ours(); }
    std::vector<deadlock_wait> cycle() const { return circle_.cycle(); }
    bool our_turn() const;

private:
    struct asked {
        std::size_t vigil;
        std::size_t operations;
    };

    move enter(std::vector<outcome> answers);
    move next();
    move ask();

    joint_entering entering_;
    const goal goal_;
    bool patient_ = false;
    circle_watch circle_;
    const deadline long_wait_;
    std::vector<vigil> places_;  // from when on we stand
    std::vector<asked> asked_;   // by the last question
};

}  // namespace turnstile::inline v0::detail

// Waiting for one's turn as a conversation: what `standing` needs to know, asked of the servers.
#pragma once

#include <turnstile/dialogue.hpp>

#include "standing.hpp"

#include <memory>
#include <string>
#include <vector>

namespace turnstile::inline v0::detail {

class turn_dialogue final : public dialogue {
public:
    /// `long_wait`: from when on our own node is looked after as well.
    turn_dialogue(std::shared_ptr<const std::string> directory, standing us, deadline long_wait);

    move begin() override;
    move answered(const std::vector<outcome>& answers) override;
    move happened(const watch_event& event) override;
    move waited() override;

private:
    move next();

    const std::shared_ptr<const std::string> directory_;
    standing us_;
    const deadline long_wait_;
    bool patient_ = false;
    /// What the last question asked about; empty: for the list.
    std::vector<standing::glance> asked_;
};

}  // namespace turnstile::inline v0::detail

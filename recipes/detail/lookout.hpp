// Watches a line for somebody besides us: whoever keeps a lock that it does not use has to know.
#pragma once

#include <turnstile/dialogue.hpp>

#include <functional>
#include <string>
#include <vector>

namespace turnstile::inline v0::detail {

class lookout final : public dialogue {
public:
    /// `alone` is called whenever a list has shown nobody but us. The dialogue ends, without error, once there are others.
    lookout(std::string directory, std::function<void()> alone);

    move begin() override;
    move answered(std::vector<outcome> answers) override;
    move happened(const watch_event& event) override;
    move waited() override { return move::wait(); }

private:
    const std::string directory_;
    const std::function<void()> alone_;
};

}  // namespace turnstile::inline v0::detail

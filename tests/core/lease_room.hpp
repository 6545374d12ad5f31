// Leases of nodes that a test has made itself.
#pragma once

#include "session_room.hpp"

#include <memory>
#include <string>
#include <utility>

namespace turnstile::test {

class leases : public session_room {
protected:
    lease granted(const session& s, const std::string& path = "/held", std::shared_ptr<void> keepsake = nullptr)
    {
        const auto made = wait(s.create(path, "", create_mode::ephemeral));
        return s.grant(path, made.stat.czxid, s.epoch(), std::move(keepsake));
    }
    bool lost(const lease& l)
    {
        return eventually([&] { return l.state() == lease_state::lost; });
    }

    const session s_ = open(1s);
};

}  // namespace turnstile::test

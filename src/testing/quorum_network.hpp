// The network between the members of an ensemble. Each member has addresses of its own for the others: relays, one for
// each pair, direction and port, so that each cable can be cut. Clients do not come through here.
#pragma once

#include "loop_thread.hpp"
#include "relay.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace turnstile::inline v0::testing {

/// Where a member really listens.
struct member_ports {
    std::uint16_t quorum = 0;
    std::uint16_t election = 0;
};

class quorum_network {
public:
    explicit quorum_network(std::vector<member_ports> members);
    quorum_network(const quorum_network&) = delete;
    quorum_network& operator=(const quorum_network&) = delete;
    ~quorum_network();

    /// "127.0.0.1:quorum:election": what `from` has to believe of `to`. Of itself, the truth.
    std::string address(std::size_t from, std::size_t to) const;

    /// A black hole around a member, until healed: connections stay, nothing passes. What was held back arrives late.
    void isolate(std::size_t member);
    void heal(std::size_t member);
    bool isolated(std::size_t member) const;
    /// All that passes between this member and the others takes so much longer, each way.
    void delay(std::size_t member, std::chrono::milliseconds each_way);

private:
    struct cable {
        std::size_t from;
        std::size_t to;
        std::unique_ptr<relay> quorum;
        std::unique_ptr<relay> election;

        bool touches(std::size_t member) const { return from == member || to == member; }
    };

    void lay(std::size_t from, std::size_t to);
    void announce();
    const cable& between(std::size_t from, std::size_t to) const;
    void apply();

    const std::vector<member_ports> members_;
    std::set<std::size_t> isolated_;
    loop_thread thread_;
    std::vector<cable> cables_;  // their relays are touched on the loop only
};

}  // namespace turnstile::inline v0::testing

// The servers of an ensemble and the network between them: what can be done to them, and what they say of themselves.
#pragma once

#include <turnstile/testing/ensemble.hpp>

#include "quorum_network.hpp"
#include "server_process.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace turnstile::inline v0::testing {

/// What a member answers to "srvr".
struct self_portrait {
    member_role role = member_role::none;
    std::int64_t zxid = 0;  ///< its upper half counts the elections
};

class ensemble_members {
public:
    explicit ensemble_members(const ensemble_options& options);

    std::size_t size() const noexcept { return servers_.size(); }
    server_process& at(std::size_t member) const { return *servers_.at(member); }
    quorum_network& network() const noexcept { return *network_; }

    /// It runs, is not frozen, and hears the others.
    bool up(std::size_t member) const { return at(member).running() && !at(member).paused() && !network_->isolated(member); }
    bool majority_up() const;
    self_portrait portrait(std::size_t member) const;
    std::optional<std::size_t> leader() const;
    /// A leader, and with it a majority that serves.
    std::optional<std::size_t> leader_of_a_quorum() const;
    /// One leader, and all others that are up follow.
    bool whole() const;
    /// What each is doing, for an error message.
    std::string situation() const;

    /// Somebody else was faster with one of our ports.
    bool found_a_port_taken() const;

private:
    std::vector<std::unique_ptr<server_process>> servers_;
    std::unique_ptr<quorum_network> network_;
};

}  // namespace turnstile::inline v0::testing

#include "ensemble_members.hpp"

#include "four_letter.hpp"
#include "free_port.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <set>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace turnstile::inline v0::testing {

using namespace std::chrono_literals;

namespace {

/// No two of them are the same.
class port_picker {
public:
    std::uint16_t next()
    {
        for (;;)
            if (const auto port = free_port(); taken_.insert(port).second)
                return port;
    }

private:
    std::set<std::uint16_t> taken_;
};

std::vector<member_ports> pick_ports(std::size_t size, port_picker& ports)
{
    std::vector<member_ports> picked(size);
    for (auto& p : picked)
        p = {ports.next(), ports.next()};
    return picked;
}

/// A loaded machine must not take a healthy ensemble apart: a follower may be silent for twenty ticks. A ZooKeeper of
/// production allows five, of 2 s each.
std::vector<std::string> quorum_config(const quorum_network& network, std::size_t self, std::size_t size)
{
    std::vector<std::string> lines{"initLimit=50", "syncLimit=20", "cnxTimeout=2000", "autopurge.purgeInterval=0"};
    for (std::size_t other = 0; other < size; ++other)
        lines.push_back("server." + std::to_string(other + 1) + "=" + network.address(self, other));
    return lines;
}

member_role role_named(std::string_view mode)
{
    if (mode == "leader" || mode == "standalone")  // an ensemble of one
        return member_role::leader;
    return mode == "follower" ? member_role::follower : member_role::none;
}

std::string_view name_of(member_role role)
{
    constexpr std::array<std::string_view, 3> names{"looks for a leader", "leads", "follows"};
    return names.at(static_cast<std::size_t>(role));
}

}  // namespace

ensemble_members::ensemble_members(const ensemble_options& options)
{
    if (options.size == 0)
        throw std::invalid_argument{"testing::ensemble: without a member"};
    port_picker ports;
    network_ = std::make_unique<quorum_network>(pick_ports(options.size, ports));
    for (std::size_t member = 0; member < options.size; ++member) {
        server_place place;
        place.port = ports.next();
        place.id = static_cast<int>(member + 1);
        place.config = quorum_config(*network_, member, options.size);
        servers_.push_back(std::make_unique<server_process>(options.member, std::move(place)));
    }
}

bool ensemble_members::majority_up() const
{
    std::size_t count = 0;
    for (std::size_t member = 0; member < size(); ++member)
        count += up(member) ? 1U : 0U;
    return count > size() / 2;
}

self_portrait ensemble_members::portrait(std::size_t member) const
{
    self_portrait p;
    const auto& server = at(member);
    if (!server.running() || server.paused())
        return p;
    const auto answer = four_letter_word(server.port(), "srvr", 1s);
    const auto mode = answer ? text_in(*answer, "Mode") : std::nullopt;
    if (!mode)
        return p;
    p.role = role_named(*mode);
    p.zxid = std::strtoll(text_in(*answer, "Zxid").value_or("0").c_str(), nullptr, 16);
    return p;
}

std::optional<std::size_t> ensemble_members::leader() const
{
    std::optional<std::size_t> latest;
    std::int64_t zxid = -1;
    for (std::size_t member = 0; member < size(); ++member) {
        if (!up(member))
            continue;
        const auto p = portrait(member);
        if (p.role != member_role::leader || p.zxid <= zxid)
            continue;
        latest = member;
        zxid = p.zxid;
    }
    return latest;
}

std::optional<std::size_t> ensemble_members::leader_of_a_quorum() const
{
    const auto who = leader();
    if (!who)
        return std::nullopt;
    std::size_t serving = 1;
    for (std::size_t member = 0; member < size(); ++member)
        if (up(member) && portrait(member).role == member_role::follower)
            ++serving;
    return serving > size() / 2 ? who : std::nullopt;
}

bool ensemble_members::whole() const
{
    const auto who = leader_of_a_quorum();
    if (!who)
        return false;
    for (std::size_t member = 0; member < size(); ++member)
        if (member != *who && up(member) && portrait(member).role != member_role::follower)
            return false;
    return true;
}

std::string ensemble_members::situation() const
{
    std::string text;
    for (std::size_t member = 0; member < size(); ++member) {
        const auto& server = at(member);
        text += "\n  member " + std::to_string(member) + " at " + server.connect_string();
        if (!server.running())
            text += " does not run";
        else if (server.paused())
            text += " is paused";
        else
            text += " " + std::string{name_of(portrait(member).role)};
        if (network_->isolated(member))
            text += ", isolated";
    }
    return text;
}

bool ensemble_members::found_a_port_taken() const
{
    return std::any_of(servers_.begin(), servers_.end(), [](const auto& s) { return s->found_its_port_taken(); });
}

}  // namespace turnstile::inline v0::testing

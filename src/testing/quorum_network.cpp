#include "quorum_network.hpp"

#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <utility>

namespace turnstile::inline v0::testing {

namespace asio = boost::asio;

namespace {

asio::ip::tcp::endpoint local(std::uint16_t port) { return {asio::ip::address_v4::loopback(), port}; }

std::unique_ptr<relay> make_relay(asio::io_context& loop, std::uint16_t port, spoken language)
{
    traffic_rules rules;
    rules.language = language;
    return std::make_unique<relay>(loop, local(port), std::move(rules));
}

}  // namespace

quorum_network::quorum_network(std::vector<member_ports> members) : members_{std::move(members)}
{
    for (std::size_t from = 0; from < members_.size(); ++from)
        for (std::size_t to = 0; to < members_.size(); ++to)
            if (from != to)
                lay(from, to);
    announce();
    thread_.start();
}

quorum_network::~quorum_network()
{
    thread_.run([this] {
        for (const auto& c : cables_) {
            c.quorum->refuse();
            c.election->refuse();
        }
    });
    thread_.finish();
}

std::string quorum_network::address(std::size_t from, std::size_t to) const
{
    const auto at = [](std::uint16_t quorum, std::uint16_t election) {
        return "127.0.0.1:" + std::to_string(quorum) + ":" + std::to_string(election);
    };
    if (from == to)
        return at(members_[to].quorum, members_[to].election);
    const auto& c = between(from, to);
    return at(c.quorum->port(), c.election->port());
}

void quorum_network::isolate(std::size_t member)
{
    isolated_.insert(member);
    apply();
}

void quorum_network::heal(std::size_t member)
{
    isolated_.erase(member);
    apply();
}

bool quorum_network::isolated(std::size_t member) const { return isolated_.contains(member); }

void quorum_network::delay(std::size_t member, std::chrono::milliseconds each_way)
{
    thread_.run([&] {
        for (const auto& c : cables_)
            if (c.touches(member))
                c.quorum->rules().delay = c.election->rules().delay = each_way;
    });
}

void quorum_network::lay(std::size_t from, std::size_t to)
{
    cables_.push_back({from, to, make_relay(thread_.loop(), members_[to].quorum, spoken::quorum),
                       make_relay(thread_.loop(), members_[to].election, spoken::election)});
}

/// Who is called by another calls back on the cable that leads there.
void quorum_network::announce()
{
    for (const auto& c : cables_)
        c.election->rules().announced = "127.0.0.1:" + std::to_string(between(c.to, c.from).election->port());
}

const quorum_network::cable& quorum_network::between(std::size_t from, std::size_t to) const
{
    return *std::find_if(cables_.begin(), cables_.end(), [&](const cable& c) { return c.from == from && c.to == to; });
}

void quorum_network::apply()
{
    thread_.run([this] {
        for (const auto& c : cables_) {
            const bool cut = isolated_.contains(c.from) || isolated_.contains(c.to);
            c.quorum->stall(cut, cut);
            c.election->stall(cut, cut);
        }
    });
}

}  // namespace turnstile::inline v0::testing

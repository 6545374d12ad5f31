#include "plan.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace turnstile::chaos {

using namespace std::chrono_literals;
using enum fault_kind;

namespace {

constexpr std::array names{
    std::pair{kill_follower, "kill_follower"},
    std::pair{kill_leader, "kill_leader"},
    std::pair{pause_follower, "pause_follower"},
    std::pair{pause_leader, "pause_leader"},
    std::pair{isolate_follower, "isolate_follower"},
    std::pair{isolate_leader, "isolate_leader"},
    std::pair{lag, "lag"},
    std::pair{slow_disk, "slow_disk"},
    std::pair{rolling_restart, "rolling_restart"},
    std::pair{restart_all, "restart_all"},
    std::pair{kill_client, "kill_client"},
    std::pair{kill_holder, "kill_holder"},
    std::pair{pause_client, "pause_client"},
    std::pair{freeze_holder, "freeze_holder"},
    std::pair{cut, "cut"},
    std::pair{refuse, "refuse"},
    std::pair{stall, "stall"},
    std::pair{stall_replies, "stall_replies"},
    std::pair{delay, "delay"},
    std::pair{end_session, "end_session"},
    std::pair{lost_create_executed, "lost_create_executed"},
    std::pair{lost_create_absent, "lost_create_absent"},
    std::pair{lost_delete_reply, "lost_delete_reply"},
    std::pair{reap_container, "reap_container"},
    std::pair{dns_gone, "dns_gone"},
};

}  // namespace

std::string_view name_of(fault_kind k) noexcept
{
    return std::ranges::find(names, k, [](const auto& n) { return n.first; })->second;
}

fault_plan::fault_plan(std::uint64_t seed, std::vector<kind_of_fault> kinds, peace between)
    : dice_{seed}, kinds_{std::move(kinds)}, first_round_{kinds_}, between_{between}
{
}

fault_plan fault_plan::of_servers(std::uint64_t seed)
{
    return {seed_for(seed, "servers"),
            {{kill_leader, 4, 300ms, 1500ms},
             {kill_follower, 2, 300ms, 2000ms},
             {pause_leader, 3, 500ms, 3000ms},
             {pause_follower, 2, 500ms, 4000ms},
             {isolate_leader, 3, 500ms, 3000ms},
             {isolate_follower, 2, 500ms, 4000ms},
             {lag, 2, 1000ms, 4000ms},
             {slow_disk, 2, 1000ms, 4000ms},
             {rolling_restart, 1, 0ms, 0ms},
             {restart_all, 1, 0ms, 0ms}},
            {1500ms, 6000ms}};
}

fault_plan fault_plan::of_clients(std::uint64_t seed, bool with_dns, std::chrono::milliseconds session_timeout)
{
    const auto beyond = session_timeout + 500ms;
    std::vector<kind_of_fault> kinds{{kill_client, 2, 100ms, 1000ms},
                                     {kill_holder, 2, 100ms, 1000ms},
                                     {pause_client, 2, 300ms, beyond + 1s},
                                     {freeze_holder, 4, beyond, beyond + 1s},
                                     {cut, 3, 0ms, 0ms},
                                     {refuse, 2, 100ms, beyond + 1s},
                                     {stall, 3, 200ms, beyond + 1s},
                                     {stall_replies, 2, 200ms, beyond},
                                     {delay, 1, 500ms, 2000ms},
                                     {end_session, 4, 0ms, 0ms},
                                     {lost_create_executed, 8, 0ms, 0ms},
                                     {lost_create_absent, 8, 0ms, 0ms},
                                     {lost_delete_reply, 4, 0ms, 0ms},
                                     {reap_container, 2, 0ms, 0ms}};
    if (with_dns)
        kinds.push_back({dns_gone, 2, 1000ms, 3000ms});
    return {seed_for(seed, "clients"), std::move(kinds), {200ms, 1500ms}};
}

planned_fault fault_plan::next()
{
    const auto& kind = pick();
    planned_fault f;
    f.kind = kind.kind;
    f.target = dice_.below(1'000'000);
    f.length = dice_.between(kind.least, kind.most);
    f.before = dice_.between(between_.least, between_.most);
    return f;
}

const fault_plan::kind_of_fault& fault_plan::pick()
{
    if (!first_round_.empty()) {
        const auto drawn = first_round_.begin() + static_cast<std::ptrdiff_t>(dice_.below(first_round_.size()));
        const auto kind = drawn->kind;
        first_round_.erase(drawn);
        return *std::ranges::find(kinds_, kind, &kind_of_fault::kind);
    }
    unsigned in_all = 0;
    for (const auto& k : kinds_)
        in_all += k.weight;
    auto drawn = dice_.below(in_all);
    for (const auto& k : kinds_) {
        if (drawn < k.weight)
            return k;
        drawn -= k.weight;
    }
    return kinds_.back();
}

}  // namespace turnstile::chaos

#include "nemesis.hpp"

#include <iostream>
#include <stdexcept>

namespace turnstile::chaos {

using namespace std::chrono_literals;
using enum fault_kind;

namespace {

/// A server that joins in the midst of an election may give up; whoever runs servers has them started again.
template <class Start>
void insist(Start start)
{
    for (int tries_left = 2;; --tries_left) {
        try {
            return start();
        } catch (const std::runtime_error& e) {
            if (tries_left == 0)
                throw;
            std::cout << "  started again: " << std::string{e.what()}.substr(0, 200) << std::endl;
        }
    }
}

}  // namespace

void server_nemesis::strike(const planned_fault& f, const std::stop_token& stop)
{
    auto& zk = stage_.servers();
    const auto leader = zk.wait_for_leader();
    see_who_leads();
    switch (f.kind) {
        case kill_leader:
            kill(leader, f, stop);
            break;
        case kill_follower:
            kill(follower(f), f, stop);
            break;
        case pause_leader:
            pause(leader, f, stop);
            break;
        case pause_follower:
            pause(follower(f), f, stop);
            break;
        case isolate_leader:
            isolate(leader, f, stop);
            break;
        case isolate_follower:
            isolate(follower(f), f, stop);
            break;
        case rolling_restart: {
            const fault_entry entry{stage_.log(), f.kind};
            restart_in_turn(leader);
            break;
        }
        case restart_all: {
            const fault_entry entry{stage_.log(), f.kind};
            zk.stop_all();
            insist([&] { zk.start_all(); });
            break;
        }
        default:
            slow_down(f.target % zk.size(), f, stop);
    }
    see_who_leads();
}

void server_nemesis::kill(std::size_t member, const planned_fault& f, const std::stop_token& stop)
{
    const fault_entry entry{stage_.log(), f.kind, {}, "member " + std::to_string(member)};
    stage_.servers().kill(member);
    rest(stop, f.length);
    see_who_leads();
    start(member);
    stage_.servers().wait_until_serving(member);
}

/// The leader last; the next one when the last one serves.
void server_nemesis::restart_in_turn(std::size_t leader)
{
    auto& zk = stage_.servers();
    for (std::size_t i = 1; i <= zk.size(); ++i) {
        const auto member = (leader + i) % zk.size();
        zk.stop(member);
        start(member);
        zk.wait_for_quorum();
    }
}

void server_nemesis::start(std::size_t member)
{
    insist([&] { stage_.servers().start(member); });
}

void server_nemesis::pause(std::size_t member, const planned_fault& f, const std::stop_token& stop)
{
    const fault_entry entry{stage_.log(), f.kind, {}, "member " + std::to_string(member)};
    stage_.servers().pause(member);
    rest(stop, f.length);
    see_who_leads();
    stage_.servers().resume(member);
    stage_.servers().wait_until_serving(member);
}

void server_nemesis::isolate(std::size_t member, const planned_fault& f, const std::stop_token& stop)
{
    const fault_entry entry{stage_.log(), f.kind, {}, "member " + std::to_string(member)};
    stage_.servers().isolate(member);
    rest(stop, f.length);
    see_who_leads();
    stage_.servers().heal(member);
    stage_.servers().wait_until_serving(member);
}

void server_nemesis::slow_down(std::size_t member, const planned_fault& f, const std::stop_token& stop)
{
    const auto by = 20ms + std::chrono::milliseconds{f.target / 7 % 130};
    const fault_entry entry{
        stage_.log(), f.kind, {}, "member " + std::to_string(member) + ", " + std::to_string(by.count()) + " ms"};
    const auto slow = [&](std::chrono::milliseconds time) {
        if (f.kind == lag)
            stage_.servers().delay(member, time);
        else
            stage_.servers().delay_fsync(member, time);
    };
    slow(by);
    rest(stop, f.length);
    slow(0ms);
    stage_.servers().wait_until_serving(member);
}

std::size_t server_nemesis::follower(const planned_fault& f)
{
    auto& zk = stage_.servers();
    const auto leader = zk.wait_for_leader();
    return (leader + 1 + f.target % (zk.size() - 1)) % zk.size();
}

void server_nemesis::see_who_leads()
{
    const auto now = stage_.servers().leader();
    if (!now || now == leader_)
        return;
    if (leader_) {
        testing::history_event e{testing::history_event_type::leader_changed};
        e.detail = "member " + std::to_string(*now);
        stage_.log().append(e);
    }
    leader_ = now;
}

}  // namespace turnstile::chaos

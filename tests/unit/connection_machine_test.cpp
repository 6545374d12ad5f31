#include "connection_machine.hpp"

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <tuple>

namespace turnstile::inline v0::detail {

namespace {

using state = connection_state;
using event = connection_event;

constexpr state all_states[] = {state::connecting, state::connected,   state::suspended,
                                state::lost,       state::auth_failed, state::closed};
constexpr event all_events[] = {event::connected_same, event::connected_anew, event::disconnected, event::expired,
                                event::auth_failed,    event::stale,          event::retry_due,    event::close_requested};

/// Actions as a word of letters: E end epoch, R retire client, B begin epoch, O open client, F flush, X fail queued,
/// r arm retry, s arm stale. "-": none.
std::string letters(const connection_actions& a)
{
    std::string s;
    const auto put = [&](bool on, char letter) {
        if (on)
            s.push_back(letter);
    };
    put(a.end_epoch, 'E');
    put(a.retire_client, 'R');
    put(a.begin_epoch, 'B');
    put(a.open_client, 'O');
    put(a.flush, 'F');
    put(a.fail_queued, 'X');
    put(a.arm_retry, 'r');
    put(a.arm_stale, 's');
    return s.empty() ? "-" : s;
}

std::string told(state s, event e)
{
    const auto step = next(s, e);
    return std::string{to_string(step.state)} + " " + letters(step.actions);
}

}  // namespace

TEST(connection_machine, DoesThisForEveryStateAndEvent)
{
    // Columns: connected_same, connected_anew, disconnected, expired, auth_failed, stale, retry_due, close_requested.
    const char* const table[6][8] = {
        // connecting
        {"connected F", "connected BF", "connecting Rr", "lost ERr", "auth_failed ERX", "connecting ROs", "connecting ROs",
         "closed ERX"},
        // connected
        {"connected F", "connected EBF", "suspended s", "lost ERr", "auth_failed ERX", "connected -", "connected -",
         "closed ERX"},
        // suspended
        {"connected F", "connected EBF", "suspended -", "lost ERr", "auth_failed ERX", "lost ERr", "suspended -",
         "closed ERX"},
        // lost
        {"connected F", "connected BF", "lost -", "lost ERr", "auth_failed ERX", "lost -", "connecting ROs", "closed ERX"},
        // auth_failed
        {"auth_failed -", "auth_failed -", "auth_failed -", "auth_failed -", "auth_failed -", "auth_failed -",
         "auth_failed -", "closed ERX"},
        // closed
        {"closed -", "closed -", "closed -", "closed -", "closed -", "closed -", "closed -", "closed -"},
    };
    for (std::size_t s = 0; s < std::size(all_states); ++s)
        for (std::size_t e = 0; e < std::size(all_events); ++e)
            EXPECT_EQ(told(all_states[s], all_events[e]), table[s][e])
                << "in " << to_string(all_states[s]) << ", event " << e;
}

TEST(connection_machine, NothingIsFlushedButWhenConnected)
{
    for (const auto s : all_states)
        for (const auto e : all_events)
            EXPECT_TRUE(!next(s, e).actions.flush || next(s, e).state == state::connected);
}

TEST(connection_machine, AnEpochThatBeginsHasSeenTheFormerEnd)
{
    for (const auto e : all_events)
        for (const auto s : {state::connected, state::suspended})
            EXPECT_TRUE(!next(s, e).actions.begin_epoch || next(s, e).actions.end_epoch);
}

TEST(connection_state, IsNamed)
{
    for (const auto s : all_states)
        EXPECT_NE(to_string(s), "unknown");
    EXPECT_EQ(to_string(static_cast<state>(99)), "unknown");
}

}  // namespace turnstile::inline v0::detail

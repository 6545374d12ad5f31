#include "connection_machine.hpp"

namespace turnstile::inline v0::detail {

namespace {

using state = connection_state;
using event = connection_event;

connection_step stay(state s) noexcept { return {s, {}}; }

connection_step session_lost() noexcept
{
    connection_actions a;
    a.end_epoch = a.retire_client = a.arm_retry = true;
    return {state::lost, a};
}

connection_step given_up(state s) noexcept
{
    connection_actions a;
    a.end_epoch = a.retire_client = a.fail_queued = true;
    return {s, a};
}

connection_step open_again() noexcept
{
    connection_actions a;
    a.retire_client = a.open_client = a.arm_stale = true;
    return {state::connecting, a};
}

connection_step up(bool ends_epoch, bool begins_epoch) noexcept
{
    connection_actions a;
    a.end_epoch = ends_epoch;
    a.begin_epoch = begins_epoch;
    a.flush = true;
    return {state::connected, a};
}

connection_step down(state s) noexcept
{
    connection_actions a;
    switch (s) {
        case state::connected:
            a.arm_stale = true;
            return {state::suspended, a};
        case state::connecting:  // it could not be opened
            a.retire_client = a.arm_retry = true;
            return {s, a};
        default:
            return stay(s);
    }
}

connection_step cut_off(state s) noexcept
{
    switch (s) {
        case state::suspended:
            return session_lost();
        case state::connecting:
            return open_again();
        default:
            return stay(s);
    }
}

}  // namespace

connection_step next(state s, event e) noexcept
{
    if (s == state::closed)
        return stay(s);
    if (e == event::close_requested)
        return given_up(state::closed);
    if (s == state::auth_failed)
        return stay(s);

    const bool had_session = s == state::connected || s == state::suspended;
    switch (e) {
        case event::connected_same:
            return up(false, false);
        case event::connected_anew:
            return up(had_session, true);
        case event::disconnected:
            return down(s);
        case event::expired:
            return session_lost();
        case event::auth_failed:
            return given_up(state::auth_failed);
        case event::stale:
            return cut_off(s);
        case event::retry_due:
            return had_session ? stay(s) : open_again();
        case event::close_requested:
            break;
    }
    return stay(s);
}

}  // namespace turnstile::inline v0::detail

#include "waiting_line.hpp"

#include "turn_dialogue.hpp"

#include <type_traits>
#include <utility>

namespace turnstile::inline v0::detail {

namespace {

using boost::asio::awaitable;

/// A recipe never lets a doubt out: the ticket sweeps what may be left, so what remains is only why the call ended.
error_code as_recipe(error_code ec) noexcept
{
    if (ec == errc::deadline_exceeded)
        return errc::timed_out;
    if (ec == errc::closing)
        return errc::session_closed;
    return ec;
}

bool connection_went(error_code ec) noexcept
{
    return ec == errc::connection_loss || ec == errc::operation_timeout || ec == errc::session_moved;
}

/// Nothing is granted to a session that may be over without our knowing: a lease with an old proof of life is lost at once.
awaitable<error_code> prove_alive(line_ptr line, epoch in)
{
    while (!line->session.proven(in)) {
        const auto ec = co_await line->session.prove(in, line->until);
        if (ec && !connection_went(ec))
            co_return ec;
    }
    co_return error_code{};
}

/// Outside the coroutine, whose frame would keep room for the parts.
std::shared_ptr<turn_dialogue> dialogue_for(const line_ptr& line, epoch in, bool make_directory, bool waits)
{
    entering entry{ticket{line, in}, make_directory};
    return std::make_shared<turn_dialogue>(std::move(entry), waits ? turn_dialogue::goal::turn : turn_dialogue::goal::place);
}

/// Now, and not when the last part of the session has let go of the dialogue: who hears that a call has ended may rely on
/// the node's delete being on its way.
void give_up(turn_dialogue& turn) { const ticket dropped{std::move(turn.ours())}; }

/// The place of one who stands becomes a lease, or is given up.
template <class Result>
Result redeem(const line_ptr& line, turn_dialogue& turn, error_code ec, std::shared_ptr<void> keepsake)
{
    ticket place{std::move(turn.ours())};
    if (ec)
        fail(line, ec);
    if constexpr (!std::is_same_v<Result, lease>)
        if (!turn.our_turn())
            return std::nullopt;
    return place.redeem(std::move(keepsake));
}

/// Result: a lease, or an optional one for those who do not wait. One coroutine, because ten thousand waiters have ten
/// thousand of each frame.
template <class Result>
awaitable<Result> turn_of(line_ptr line, std::shared_ptr<void> keepsake)
{
    constexpr bool waits = std::is_same_v<Result, lease>;
    const auto proving = line->session.keep_proving();
    bool make_directory = false;
    while (true) {
        if (line->session.state() != connection_state::connected)
            co_await line->session.connected(line->until);
        const auto in = line->session.epoch();  // a ticket bears the session's id: there must be one

        // 1. create(EPHEMERAL | SEQUENTIAL) and list, in one round trip.
        // 2. The lowest number holds the lock; the others watch the nodes just ahead of theirs.
        const auto turn = dialogue_for(line, in, make_directory, waits);
        auto ec = co_await line->session.converse(turn, in, line->until);

        // 3. The holding is a lease.
        const auto result = turn->entered().result();
        if (result == entering::state::stands) {
            if (!ec && turn->our_turn())
                ec = co_await prove_alive(line, in);
            co_return redeem<Result>(line, *turn, ec, std::move(keepsake));
        }
        give_up(*turn);

        // Not executed, or the ZooKeeper session went before we stood: once more.
        make_directory = make_directory || result == entering::state::directory_missing;
        const bool once_more = result == entering::state::directory_missing || result == entering::state::not_executed;
        if (!once_more && ec != errc::session_expired)
            fail(line, ec);
        if (line->until.passed())
            fail(line, turn->entered().why() == errc::not_connected ? errc::not_connected : errc::timed_out);
    }
}

}  // namespace

void fail(const line_ptr& line, error_code ec) { throw error{as_recipe(ec), line->verb, line->directory}; }

awaitable<lease> take_turn(line_ptr line, std::shared_ptr<void> keepsake)
{
    return turn_of<lease>(std::move(line), std::move(keepsake));
}

awaitable<std::optional<lease>> take_turn_if_free(line_ptr line, std::shared_ptr<void> keepsake)
{
    return turn_of<std::optional<lease>>(std::move(line), std::move(keepsake));
}

awaitable<std::vector<std::string>> list_line(line_ptr line)
{
    op::children list{line->directory};
    auto answer = co_await line->session.run(std::move(list), line->until);
    if (answer.ec && answer.ec != errc::no_node)
        fail(line, answer.ec);
    co_return std::move(answer.children);
}

}  // namespace turnstile::inline v0::detail

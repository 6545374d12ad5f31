#include "waiting_line.hpp"

#include <turnstile/path.hpp>

#include "contender_record.hpp"
#include "joint_dialogue.hpp"
#include "line_terms.hpp"
#include "retry.hpp"
#include "turn_dialogue.hpp"

#include <algorithm>
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

// What turn_of does is the same in one line and in several: these say the difference.

const line_request& first_of(const line_ptr& line) noexcept { return *line; }
const line_request& first_of(const joint_ptr& lines) noexcept { return *lines->front(); }

/// Outside the coroutine, whose frame would keep room for the parts.
std::shared_ptr<turn_dialogue> dialogue_for(const line_ptr& line, epoch in, bool make_directory, turn_dialogue::goal g)
{
    return std::make_shared<turn_dialogue>(entering{ticket{line, in}, make_directory}, g);
}

std::shared_ptr<joint_dialogue> dialogue_for(const joint_ptr& lines, epoch in, bool make_directory, turn_dialogue::goal g)
{
    std::vector<ticket> tickets;
    tickets.reserve(lines->size());
    for (const auto& line : *lines)
        tickets.emplace_back(line, in);
    return std::make_shared<joint_dialogue>(joint_entering{std::move(tickets), make_directory}, g);
}

/// Now, and not when the last part of the session has let go of the dialogue: who hears that a call has ended may rely on
/// the node's delete being on its way.
template <class Dialogue>
void give_up(Dialogue& turn)
{
    [[maybe_unused]] const auto dropped{std::move(turn.ours())};
}

/// The place of one who stands becomes a lease, or is given up.
template <class Result, class Dialogue>
Result redeemed(const line_request& line, Dialogue& turn, error_code ec, std::shared_ptr<void> keepsake)
{
    const bool granted = turn.our_turn();
    auto place{std::move(turn.ours())};
    if (ec == errc::would_deadlock)
        throw deadlock{line.verb, line.name(), turn.cycle()};
    if (ec)
        fail(line, ec);
    if constexpr (!std::is_same_v<Result, lease>)
        if (!granted)
            return std::nullopt;
    return redeem(std::move(place), std::move(keepsake));
}

/// Nothing is granted to a session that may be over without our knowing: a lease with an old proof of life is lost at once.
template <class Lines>
awaitable<error_code> prove_alive(Lines lines, epoch in)
{
    const auto& line = first_of(lines);
    while (!line.session.proven(in)) {
        const auto ec = co_await line.session.prove(in, line.until);
        if (ec && !connection_went(ec))
            co_return ec;
    }
    co_return error_code{};
}

/// Somebody has removed it, or the session's end has, and we have not heard of that yet: a write tells.
template <class Lines>
awaitable<error_code> why_our_place_went(Lines lines, epoch in)
{
    const auto& line = first_of(lines);
    while (true) {
        const auto ec = co_await line.session.prove(in, line.until);
        if (session_over(ec))
            co_return ec;
        if (!connection_went(ec) || line.until.passed())
            co_return errc::lost;
    }
}

/// In time there was no connection; or there was, and others went first.
error_code why_nothing_was_sent(const line_request& line, error_code why)
{
    const bool cut_off = why == errc::not_connected && line.session.state() != connection_state::connected;
    return cut_off ? errc::not_connected : errc::timed_out;
}

/// Result: a lease, or an optional one for those who do not wait. One coroutine, because ten thousand waiters have ten
/// thousand of each frame.
template <class Result, class Lines>
awaitable<Result> turn_of(Lines lines, std::shared_ptr<void> keepsake)
{
    constexpr auto goal = std::is_same_v<Result, lease> ? turn_dialogue::goal::turn : turn_dialogue::goal::place;
    const auto& line = first_of(lines);
    const auto proving = line.session.keep_proving();
    bool make_directory = false;
    while (true) {
        if (line.session.state() != connection_state::connected)
            co_await line.session.connected(line.until);
        const auto in = line.session.epoch();  // a ticket bears the session's id: there must be one

        // 1. create(EPHEMERAL | SEQUENTIAL) and list, in one round trip.
        // 2. Who fits in beside those ahead is served; the others watch the nodes nearest to theirs.
        const auto turn = dialogue_for(lines, in, make_directory, goal);
        auto ec = co_await line.session.converse(turn, in, line.until);

        // 3. The holding is a lease.
        const auto result = turn->entered().result();
        if (result == entering::state::stands) {
            if (ec == errc::lost)
                ec = co_await why_our_place_went(lines, in);
            if (!ec && turn->our_turn())
                ec = co_await prove_alive(lines, in);
            co_return redeemed<Result>(line, *turn, ec, std::move(keepsake));
        }
        give_up(*turn);

        // Not executed, or the ZooKeeper session went before we stood: once more.
        make_directory = make_directory || result == entering::state::directory_missing;
        const bool once_more = result == entering::state::directory_missing || result == entering::state::not_executed;
        if (!once_more && ec != errc::session_expired)
            fail(line, ec);
        if (line.until.passed())
            fail(line, why_nothing_was_sent(line, turn->entered().why()));
    }
}

}  // namespace

void fail(const line_request& line, error_code ec) { throw error{as_recipe(ec), line.verb, line.name()}; }

awaitable<lease> take_turn(line_ptr line, std::shared_ptr<void> keepsake)
{
    return turn_of<lease>(std::move(line), std::move(keepsake));
}

awaitable<std::optional<lease>> take_turn_if_free(line_ptr line, std::shared_ptr<void> keepsake)
{
    return turn_of<std::optional<lease>>(std::move(line), std::move(keepsake));
}

awaitable<lease> take_turn(joint_ptr lines, std::shared_ptr<void> keepsake)
{
    return turn_of<lease>(std::move(lines), std::move(keepsake));
}

awaitable<std::optional<lease>> take_turn_if_free(joint_ptr lines, std::shared_ptr<void> keepsake)
{
    return turn_of<std::optional<lease>>(std::move(lines), std::move(keepsake));
}

namespace {

/// Whether `own` fits behind those of a list.
bool fits_behind(const std::vector<place_view>& places, const line_request& line, std::uint32_t capacity)
{
    std::uint64_t filled = line.wanted.weight;
    for (const auto& p : places)
        if (!(p.shared && line.wanted.what == claim::kind::read))
            filled += p.weight;
    return filled <= capacity;
}

/// The maximum that the line's directory tells. Throws when it is not the one that the caller means.
std::uint32_t capacity_of(const line_ptr& line, const outcome& directory)
{
    const auto maximum = parse_terms(directory.data);
    if (!maximum || (line->maximum != 0 && line->maximum != *maximum) || line->wanted.weight > *maximum)
        fail(*line, errc::maximum_mismatch);
    return *maximum;
}

bool has_become_a_reader(const outcome& node) { return node.ok() && parse_contender_record(node.data).downgraded; }

}  // namespace

awaitable<bool> has_room(line_ptr line)
{
    pipeline look;
    look.add(op::children{line->directory});
    if (line->counted())
        look.add(op::get{line->directory});
    const auto answers = co_await line->session.run(std::move(look), line->until);
    for (const auto& a : answers)
        if (a.ec && a.ec != errc::no_node)
            fail(*line, a.ec);
    if (answers.front().ec || answers.back().ec)
        co_return true;
    const auto capacity = line->counted() ? capacity_of(line, answers.back()) : 1;
    const auto places = places_in(answers.front().children, line->key);
    if (fits_behind(places, *line, capacity))
        co_return true;
    const bool reads = line->wanted.what == claim::kind::read;
    const auto writers = std::count_if(places.begin(), places.end(), [](const auto& p) { return !p.shared; });
    if (!reads || writers != 1 || places.front().shared)
        co_return false;
    op::get holder{join_path(line->directory, places.front().name)};
    const auto writer = co_await line->session.run(std::move(holder), line->until);
    co_return has_become_a_reader(writer) || writer.ec == errc::no_node;
}

awaitable<bool> has_room(joint_ptr lines)
{
    const auto& first = first_of(lines);
    pipeline look;
    for (const auto& line : *lines)
        look.add(op::children{line->directory});
    const auto answers = co_await first.session.run(std::move(look), first.until);
    for (std::size_t i = 0; i < answers.size(); ++i) {
        if (answers[i].ec && answers[i].ec != errc::no_node)
            fail(*(*lines)[i], answers[i].ec);
        if (!fits_behind(places_in(answers[i].children, (*lines)[i]->key), *(*lines)[i], 1))
            co_return false;
    }
    co_return true;
}

awaitable<std::vector<std::string>> list_line(line_ptr line)
{
    op::children list{line->directory};
    auto answer = co_await line->session.run(std::move(list), line->until);
    if (answer.ec && answer.ec != errc::no_node)
        fail(*line, answer.ec);
    co_return std::move(answer.children);
}

}  // namespace turnstile::inline v0::detail

#include "caller.hpp"

#include <turnstile/result.hpp>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <optional>
#include <utility>

namespace turnstile::chaos {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using testing::history_event;
using testing::history_event_type;

caller::caller(household& shared, asio::io_context& context, std::string name, std::uint64_t seed)
    : shared_{shared}, resource_{context, shared.resource}, name_{std::move(name)}, dice_{seed}
{
}

asio::awaitable<void> caller::live()
{
    while (!shared_.over) {
        switch (dice_.below(10)) {
            case 0:
                co_await try_at_once();
                break;
            case 1:
                co_await try_for_a_while();
                break;
            case 2:
                co_await change_its_mind();
                break;
            default:
                co_await wait_for_turn();
        }
        co_await pause(dice_.between(0ms, 4ms));
    }
}

asio::awaitable<void> caller::wait_for_turn()
{
    auto c = some_call(true);
    acquire_options how{dice_.between(3s, 20s)};
    how.purpose = c.op;
    auto got = co_await as_result(c.lock.acquire(how));
    if (got)
        co_await use(std::move(c), std::move(*got));
    else
        answer(got.error(), c);
}

asio::awaitable<void> caller::try_at_once()
{
    auto c = some_call(false);
    acquire_options how{5s};
    how.purpose = c.op;
    auto got = co_await as_result(c.lock.try_acquire(how));
    if (!got)
        answer(got.error(), c);
    else if (!*got)
        answer(history_event_type::refused, c);
    else
        co_await use(std::move(c), std::move(**got));
}

asio::awaitable<void> caller::try_for_a_while()
{
    auto c = some_call(true);
    acquire_options how{dice_.between(1ms, 60ms)};
    how.purpose = c.op;
    auto got = co_await as_result(c.lock.try_acquire_until(how));
    if (!got)
        answer(got.error(), c);
    else if (!*got)
        answer(history_event_type::timed_out, c);
    else
        co_await use(std::move(c), std::move(**got));
}

/// Cancelled while the create is under way, while waiting, or just when it is granted.
asio::awaitable<void> caller::change_its_mind()
{
    using namespace asio::experimental::awaitable_operators;
    auto c = some_call(true);
    acquire_options how{10s};
    how.purpose = c.op;
    asio::steady_timer bell{co_await asio::this_coro::executor};
    bell.expires_after(std::chrono::microseconds{dice_.below(20'000)});
    auto asked = as_result(c.lock.acquire(how));
    auto rung = bell.async_wait(asio::use_awaitable);
    auto first = co_await (std::move(asked) || std::move(rung));
    if (first.index() == 1)
        co_return answer(history_event_type::failed, c, "cancelled");
    auto& got = std::get<0>(first);
    if (got)
        co_await use(std::move(c), std::move(*got));
    else
        answer(got.error(), c);
}

asio::awaitable<void> caller::use(call c, lease held)
{
    shared_.log.append(event_of(history_event_type::granted, c, held));
    const auto holding = some_holding();
    const auto until = std::chrono::steady_clock::now() + holding;
    do {
        if (!held.held())
            break;
        co_await write(c, held, false);
        co_await pause(dice_.between(0ms, 1ms + holding / 10));
    } while (std::chrono::steady_clock::now() < until);
    // Who has been stopped for too long is the zombie of which resources have to beware: it writes without asking. (With
    // permits nobody could refuse it.)
    if (!held.held() && c.lock.has_order())
        co_await write(c, held, true);
    co_await end(std::move(c), std::move(held));
}

asio::awaitable<bool> caller::write(const call& c, lease& held, bool zombie)
{
    const auto now = boot_clock::now().time_since_epoch();
    if (!zombie && !held.held())
        co_return false;
    auto effect = event_of(history_event_type::effect, c, held);
    effect.process = shared_.log.process();
    // Whoever parses it wants stamps; those that count are the resource's.
    effect.monotonic = effect.boot = now;
    effect.checked = zombie ? 0ns : now;
    effect.zombie = zombie;
    co_return co_await resource_.apply(std::move(effect));
}

asio::awaitable<void> caller::end(call c, lease held)
{
    if (!held.held()) {
        shared_.log.append(event_of(history_event_type::lost, c, held));
        co_return;  // dropping it gives the place back
    }
    shared_.log.append(event_of(history_event_type::released, c, held));
    if (dice_.one_in(3)) {
        held.release_in_background();
        co_return;
    }
    const auto ended = co_await as_result(held.release(dice_.between(0ms, 5s)));
    if (ended || !(ended.error() == errc::lost || session_over(ended.error())))
        co_return;
    auto e = event_of(history_event_type::lost, c, held);
    e.detail = ended.error().message();
    shared_.log.append(e);
}

asio::awaitable<void> caller::pause(std::chrono::milliseconds time)
{
    asio::steady_timer bell{co_await asio::this_coro::executor};
    bell.expires_after(time);
    co_await bell.async_wait(asio::use_awaitable);
}

call caller::some_call(bool waits)
{
    const auto& key = some_key();
    call c{name_ + "-" + std::to_string(++calls_), key, shared_.lock_of(key, dice_)};
    auto e = event_of(history_event_type::invoke, c);
    e.session = shared_.session.id();
    e.waits = waits;
    shared_.log.append(e);
    return c;
}

void caller::answer(history_event_type type, const call& c, std::string why)
{
    auto e = event_of(type, c);
    e.detail = std::move(why);
    shared_.log.append(e);
}

void caller::answer(const error_code& ec, const call& c)
{
    if (ec == errc::timed_out)
        return answer(history_event_type::timed_out, c);
    answer(history_event_type::failed, c, (in_doubt(ec) ? "in doubt: " : "") + ec.message());
}

history_event caller::event_of(history_event_type type, const call& c) const
{
    history_event e{type, c.op, c.key};
    c.lock.describe(e);
    return e;
}

history_event caller::event_of(history_event_type type, const call& c, const lease& held) const
{
    auto e = event_of(type, c);
    e.token = held.token();
    e.session = shared_.session.id();
    e.held_until = held.held_until().time_since_epoch();
    return e;
}

const std::string& caller::some_key()
{
    const auto& keys = shared_.keys;
    if (dice_.one_in(3))
        return keys.front();
    if (dice_.one_in(50))
        return keys.back();
    return keys[dice_.below(keys.size() - 1)];
}

/// Mostly as short as it can be, now and then across heartbeats.
std::chrono::milliseconds caller::some_holding()
{
    if (dice_.one_in(800))
        return dice_.between(500ms, 2500ms);
    return dice_.one_in(20) ? dice_.between(5ms, 40ms) : 0ms;
}

}  // namespace turnstile::chaos

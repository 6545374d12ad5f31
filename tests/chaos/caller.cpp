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
        const auto key = some_key();
        switch (dice_.below(10)) {
            case 0:
                co_await try_at_once(key);
                break;
            case 1:
                co_await try_for_a_while(key);
                break;
            case 2:
                co_await change_its_mind(key);
                break;
            default:
                co_await wait_for_turn(key);
        }
        co_await pause(dice_.between(0ms, 4ms));
    }
}

asio::awaitable<void> caller::wait_for_turn(std::string key)
{
    const auto op = ask(key, true);
    acquire_options how{dice_.between(3s, 20s)};
    how.purpose = op;
    auto lock = shared_.lock_of(key);
    auto got = co_await as_result(lock.acquire(how));
    if (got)
        co_await use(op, key, std::move(*got));
    else
        answer(got.error(), op, key);
}

asio::awaitable<void> caller::try_at_once(std::string key)
{
    const auto op = ask(key, false);
    acquire_options how{5s};
    how.purpose = op;
    auto lock = shared_.lock_of(key);
    auto got = co_await as_result(lock.try_acquire(how));
    if (!got)
        answer(got.error(), op, key);
    else if (!*got)
        answer(history_event_type::refused, op, key);
    else
        co_await use(op, key, std::move(**got));
}

asio::awaitable<void> caller::try_for_a_while(std::string key)
{
    const auto op = ask(key, true);
    acquire_options how{dice_.between(1ms, 60ms)};
    how.purpose = op;
    auto lock = shared_.lock_of(key);
    auto got = co_await as_result(lock.try_acquire_until(how));
    if (!got)
        answer(got.error(), op, key);
    else if (!*got)
        answer(history_event_type::timed_out, op, key);
    else
        co_await use(op, key, std::move(**got));
}

/// Cancelled while the create is under way, while waiting, or just when it is granted.
asio::awaitable<void> caller::change_its_mind(std::string key)
{
    using namespace asio::experimental::awaitable_operators;
    const auto op = ask(key, true);
    acquire_options how{10s};
    how.purpose = op;
    auto lock = shared_.lock_of(key);
    asio::steady_timer bell{co_await asio::this_coro::executor};
    bell.expires_after(std::chrono::microseconds{dice_.below(20'000)});
    auto asked = as_result(lock.acquire(how));
    auto rung = bell.async_wait(asio::use_awaitable);
    auto first = co_await (std::move(asked) || std::move(rung));
    if (first.index() == 1)
        co_return answer(history_event_type::failed, op, key, "cancelled");
    auto& got = std::get<0>(first);
    if (got)
        co_await use(op, key, std::move(*got));
    else
        answer(got.error(), op, key);
}

asio::awaitable<void> caller::use(std::string op, std::string key, lease held)
{
    shared_.log.append(event_of(history_event_type::granted, op, key, held));
    const auto holding = some_holding();
    const auto until = std::chrono::steady_clock::now() + holding;
    do {
        if (!held.held())
            break;
        co_await write(op, key, held, false);
        co_await pause(dice_.between(0ms, 1ms + holding / 10));
    } while (std::chrono::steady_clock::now() < until);
    // Who has been stopped for too long is the zombie of which resources have to beware: it writes without asking.
    if (!held.held())
        co_await write(op, key, held, true);
    co_await end(op, key, std::move(held));
}

asio::awaitable<bool> caller::write(std::string op, std::string key, lease& held, bool zombie)
{
    const auto now = boot_clock::now().time_since_epoch();
    if (!zombie && !held.held())
        co_return false;
    auto effect = event_of(history_event_type::effect, op, key, held);
    effect.process = shared_.log.process();
    // Whoever parses it wants stamps; those that count are the resource's.
    effect.monotonic = effect.boot = now;
    effect.checked = zombie ? 0ns : now;
    effect.zombie = zombie;
    co_return co_await resource_.apply(std::move(effect));
}

asio::awaitable<void> caller::end(std::string op, std::string key, lease held)
{
    if (!held.held()) {
        shared_.log.append(event_of(history_event_type::lost, op, key, held));
        co_return;  // dropping it gives the place back
    }
    shared_.log.append(event_of(history_event_type::released, op, key, held));
    if (dice_.one_in(3)) {
        held.release_in_background();
        co_return;
    }
    const auto ended = co_await as_result(held.release(dice_.between(0ms, 5s)));
    if (ended || !(ended.error() == errc::lost || session_over(ended.error())))
        co_return;
    auto e = event_of(history_event_type::lost, op, key, held);
    e.detail = ended.error().message();
    shared_.log.append(e);
}

asio::awaitable<void> caller::pause(std::chrono::milliseconds time)
{
    asio::steady_timer bell{co_await asio::this_coro::executor};
    bell.expires_after(time);
    co_await bell.async_wait(asio::use_awaitable);
}

std::string caller::ask(const std::string& key, bool waits)
{
    auto op = name_ + "-" + std::to_string(++calls_);
    history_event e{history_event_type::invoke, op, key};
    e.session = shared_.session.id();
    e.waits = waits;
    shared_.log.append(e);
    return op;
}

void caller::answer(history_event_type type, const std::string& op, const std::string& key, std::string why)
{
    history_event e{type, op, key};
    e.detail = std::move(why);
    shared_.log.append(e);
}

void caller::answer(const error_code& ec, const std::string& op, const std::string& key)
{
    if (ec == errc::timed_out)
        return answer(history_event_type::timed_out, op, key);
    answer(history_event_type::failed, op, key, (in_doubt(ec) ? "in doubt: " : "") + ec.message());
}

history_event caller::event_of(history_event_type type, const std::string& op, const std::string& key,
                               const lease& held) const
{
    history_event e{type, op, key, held.token()};
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

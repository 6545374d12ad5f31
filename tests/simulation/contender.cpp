#include "contender.hpp"

#include "election.hpp"
#include "once.hpp"
#include "sleep.hpp"
#include "want.hpp"

#include <turnstile/recipes/shared_mutex.hpp>
#include <turnstile/while_held.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>

#include <spdlog/fmt/fmt.h>

#include <exception>
#include <memory>
#include <stop_token>
#include <utility>

namespace turnstile::simulation {

namespace {

using boost::asio::awaitable;

/// How a call ended.
struct ending {
    std::optional<lease> held;
    error_code ec;

    ending() = default;
};

ending ending_of(const std::exception_ptr& failed, std::optional<lease> held)
{
    ending e;
    e.held = std::move(held);
    if (failed) {
        try {
            std::rethrow_exception(failed);
        } catch (const boost::system::system_error& x) {
            e.ec = x.code();
        }
    }
    return e;
}

awaitable<std::optional<lease>> some(awaitable<lease> call) { co_return co_await std::move(call); }

/// A coroutine that is cancelled before its first step makes Asio 1.81 throw out of the executor: so it is marked. And in
/// the step in which a lease is handed out it is good.
awaitable<std::optional<lease>> begun(referee& judge, std::shared_ptr<bool> mark, awaitable<std::optional<lease>> call)
{
    *mark = true;
    auto held = co_await std::move(call);
    if (held && !held->held())
        judge.object(held->path() + " was over when it was granted");
    co_return held;
}

class contender {
public:
    contender(world& w, process_id p, session s) : world_{w}, process_{p}, session_{std::move(s)} {}

    awaitable<void> take_turn()
    {
        const auto wanted = something_to_want(world_, process_, session_);
        if (wanted.elects && world_.chance.one_in(2)) {
            co_await lead(world_, process_, session_, wanted.key());
        } else {
            auto got = co_await ask(wanted);
            if (got.held)
                co_await hold(wanted, std::move(*got.held));
        }
        if (world_.chance.one_in(3))
            co_await sleep_for(world_.chance.up_to(world_.timeout / 4));
    }

private:
    struct manner {
        const char* verb = "";
        bool has_deadline = false;
        bool may_refuse = false;
        std::optional<nanoseconds> cancelled_after;

        manner() = default;
    };

    nanoseconds patience() { return world_.chance.up_to(world_.timeout * (world_.chance.one_in(3) ? 3 : 1)); }

    awaitable<std::optional<lease>> call_of(const want& w, manner& how)
    {
        switch (world_.chance.below(6)) {
            case 0:
                how.verb = "try_acquire";
                how.may_refuse = true;
                return w.try_acquire({});
            case 1:
                how.verb = "try_acquire_for";
                how.has_deadline = how.may_refuse = true;
                return w.try_until(world_.chance.one_in(4) ? nanoseconds{0} : patience());
            case 2:
                how.verb = "acquire with a deadline";
                how.has_deadline = true;
                return some(w.acquire(patience()));
            case 3:
                how.verb = "try_acquire_until";
                how.has_deadline = how.may_refuse = true;
                return w.try_until(deadline::at(deadline::clock::now() + patience()));
            default:
                how.verb = "acquire";
                return some(w.acquire({}));
        }
    }

    awaitable<ending> ask(const want& w)
    {
        manner how;
        auto call = call_of(w, how);
        if (world_.chance.one_in(4))
            how.cancelled_after = patience();
        world_.note(process_, fmt::format("{} {}", how.verb, w.key()));
        world_.counts.count(how.verb);
        ++world_.calls_open;
        auto e = co_await carry_out(std::move(call), how.cancelled_after, w.key());
        --world_.calls_open;
        ++world_.calls_ended;
        world_.note(process_, fmt::format("{} {}: {}", how.verb, w.key(),
                                          e.held ? "token " + std::to_string(e.held->token())
                                          : e.ec ? e.ec.message()
                                                 : "refused"));
        check_ending(e, how);
        co_return e;
    }

    awaitable<ending> carry_out(awaitable<std::optional<lease>> call, std::optional<nanoseconds> cancelled_after,
                                std::string key)
    {
        using answer = std::shared_ptr<detail::once<ending>>;
        const auto executor = co_await boost::asio::this_coro::executor;
        const auto work = std::make_shared<awaitable<std::optional<lease>>>(std::move(call));
        auto start = [this, executor, work, cancelled_after, key](const answer& w) {
            const auto stop = std::make_shared<boost::asio::cancellation_signal>();
            const auto mark = std::make_shared<bool>(false);
            auto done = [w, stop](const std::exception_ptr& failed, std::optional<lease> held) {
                w->complete(ending_of(failed, std::move(held)));
            };
            boost::asio::co_spawn(executor, begun(world_.judge, mark, std::move(*work)),
                                  boost::asio::bind_cancellation_slot(stop->slot(), std::move(done)));
            if (cancelled_after)
                cancel_later(*cancelled_after, stop, mark, w, key);
        };
        auto never = [](const answer&, error_code) {};
        co_return co_await detail::await_once<ending>(deadline::never(), start, never);
    }

    template <class Waiting>
    void cancel_later(nanoseconds delay, std::shared_ptr<boost::asio::cancellation_signal> stop, std::shared_ptr<bool> mark,
                      Waiting w, std::string key)
    {
        // The contender may have gone by then.
        auto cancel = [&all = world_, p = process_, stop = std::move(stop), mark = std::move(mark), w = std::move(w),
                       key = std::move(key)] {
            if (!*mark || w->done())
                return;
            all.counts.count("cancels");
            if (all.judge.is_first(p, key))
                all.counts.count("cancels racing a grant");
            stop->emit(boost::asio::cancellation_type::terminal);
        };
        auto ask_to_cancel = [&all = world_, p = process_, cancel = std::move(cancel)]() mutable {
            all.time.push(p, lane::executor, std::move(cancel));
        };
        detail::backstage::get().at(deadline::clock::now() + delay, std::move(ask_to_cancel));
    }

    void check_ending(const ending& e, const manner& how)
    {
        if (e.held)
            return;
        if (!e.ec) {
            world_.counts.count("refused");
            if (!how.may_refuse)
                world_.object(process_, fmt::format("{} was refused", how.verb));
            return;
        }
        world_.counts.count("ended: " + e.ec.message());
        const bool promised = session_over(e.ec) ||
                              (how.has_deadline && (e.ec == errc::timed_out || e.ec == errc::not_connected)) ||
                              (how.cancelled_after && cancelled(e.ec));
        const bool without_reason = world_.calm && session_over(e.ec);
        if (!promised || without_reason)
            world_.object(process_, fmt::format("{} ended with {}", how.verb, e.ec.message()));
    }

    awaitable<void> hold(const want& w, lease got)
    {
        lease held = std::move(got);
        const auto& key = w.key();
        world_.judge.granted(process_, w.what, held);
        const auto told = std::make_shared<bool>(false);
        const std::stop_callback on_loss{held.stop_token(), [told, this] {
                                             *told = true;
                                             world_.counts.count("losses told");
                                         }};
        const bool alone = world_.rules[key].what == line_rule::kind::exclusive || w.writes;
        if (alone)
            world_.judge.write(process_, key, held, true);
        co_await work(key, held);
        if (alone)
            world_.judge.write(process_, key, held, world_.chance.one_in(2));
        if (w.writes && world_.chance.one_in(3))
            co_await become_a_reader(key, held);
        if (!held.held())
            world_.lost(process_, held);
        world_.judge.left(held);
        co_await give_back(w, held);
    }

    awaitable<void> become_a_reader(std::string key, lease& held)
    {
        error_code ec;
        if (!held.held())
            co_return;
        // From now on it may count as a reader, whatever we hear.
        world_.judge.downgraded(held);
        try {
            co_await shared_mutex::downgrade(held);
        } catch (const error& e) {
            ec = e.code();
        }
        world_.note(process_, fmt::format("downgrades {}: {}", key, ec.message()));
        if (!ec)
            world_.counts.count("downgrades");
        else if (ec != errc::lost && ec != errc::timed_out)
            world_.object(process_, fmt::format("downgrade on {} ended with {}", key, ec.message()));
        co_await sleep_for(world_.chance.up_to(world_.timeout / 4));
    }

    awaitable<void> work(const std::string& key, lease& held)
    {
        const auto long_enough = world_.chance.one_in(8) ? world_.timeout * 2 : world_.timeout / 2;
        const auto d = world_.chance.up_to(long_enough);
        switch (world_.chance.below(4)) {
            case 0:
                co_return;
            case 1:
                co_await work_while_held(key, held, d);
                co_return;
            default:
                co_await sleep_for(d);
        }
    }

    awaitable<void> work_while_held(const std::string& key, lease& held, nanoseconds d)
    {
        error_code ec;
        try {
            co_await while_held(held, sleep_for(d));
        } catch (const error& e) {
            ec = e.code();
        }
        if (ec == errc::lost)
            world_.counts.count("while_held lost");
        else if (ec)
            world_.object(process_, fmt::format("while_held on {} ended with {}", key, ec.message()));
        else
            world_.counts.count("while_held done");
    }

    awaitable<void> give_back(const want& w, lease& held)
    {
        const auto path = held.path();
        switch (world_.chance.below(5)) {
            case 0:
                world_.note(process_, "drops " + path);
                co_return;
            case 1:
                world_.note(process_, "releases in the background " + path);
                held.release_in_background();
                co_return;
            case 2:
                co_await release(w, held, deadline{patience()});
                co_return;
            default:
                co_await release(w, held, deadline::never());
        }
    }

    awaitable<void> release(const want& w, lease& held, deadline until)
    {
        const auto path = held.path();
        world_.note(process_, "releases " + path);
        error_code ec;
        try {
            co_await held.release(until);
        } catch (const error& e) {
            ec = e.code();
        }
        ++world_.calls_ended;
        world_.note(process_, "released " + path + (ec ? ": " + ec.message() : ""));
        if (!ec && !w.stays && world_.judge.stands(path))
            world_.object(process_, fmt::format("release of {} on {} was confirmed, and it stands", path, w.key()));
        const bool promised = !ec || ec == errc::lost || (!until.is_never() && ec == errc::timed_out);
        if (!promised)
            world_.object(process_, fmt::format("release of {} ended with {}", path, ec.message()));
        world_.counts.count(ec ? "releases: " + ec.message() : "releases");
    }

    world& world_;
    const process_id process_;
    const session session_;
};

}  // namespace

awaitable<void> contend(world& w, process_id p, session s, std::size_t turns)
{
    contender c{w, p, std::move(s)};
    for (std::size_t i = 0; i < turns; ++i)
        co_await c.take_turn();
}

}  // namespace turnstile::simulation

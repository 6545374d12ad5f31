// P11: what a waiter occupies while it waits. Ten thousand of one session, a hundred in each line, behind holders of
// another.
#include "our_session.hpp"
#include "raw_lock.hpp"
#include "usage.hpp"
#include "workload.hpp"

#include <turnstile/recipes/mutex.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <deque>
#include <stdexcept>
#include <thread>

namespace bench {
namespace {

constexpr auto heap = "heap bytes a waiter";
constexpr auto resident = "resident bytes a waiter";
constexpr auto threads = "threads for all waiters";
constexpr auto descriptors = "descriptors for all waiters";

constexpr int waiters_in_a_line = 100;

reading difference(const footprint& before, const footprint& after, int waiters)
{
    return {{heap, (after.heap_bytes - before.heap_bytes) / waiters},
            {resident, (after.resident_bytes - before.resident_bytes) / waiters},
            {threads, after.threads - before.threads},
            {descriptors, after.descriptors - before.descriptors}};
}

std::string line(const std::string& side, int number) { return "/bench/p11-" + side + '/' + std::to_string(number); }

reading raw_crowd(const arena& a)
{
    const int lines = a.waiters / waiters_in_a_line;
    std::deque<raw_place> holders, waiters;
    raw_session holding{a.servers, session_timeout}, waiting{a.servers, session_timeout};
    for (int l = 0; l < lines; ++l) {
        holding.make_directory(line("raw", l));
        gate granted;
        holders.emplace_back(holding, line("raw", l), [&] { granted.open(); }).enter();
        granted.pass();
    }
    until_quiet(a.servers);
    const auto before = footprint_now();
    for (int w = 0; w < a.waiters; ++w)
        waiters.emplace_back(waiting, line("raw", w % lines), [] {}).enter();
    until_quiet(a.servers);
    const auto after = footprint_now();
    waiting.close();
    holding.close();
    return difference(before, after, a.waiters);
}

boost::asio::awaitable<void> wait_in_vain(turnstile::mutex m)
{
    try {
        co_await m.acquire();
        throw std::logic_error{"granted behind a holder"};
    } catch (const turnstile::error&) {
        // The session was closed: that is how this wait ends.
    }
}

reading our_crowd(const arena& a)
{
    const int lines = a.waiters / waiters_in_a_line;
    boost::asio::io_context loop{1};
    auto busy = boost::asio::make_work_guard(loop);
    std::jthread one_thread{[&] { loop.run(); }};
    reading r;
    {
        const our_session holding{a.servers};
        std::deque<turnstile::lease> held;
        for (int l = 0; l < lines; ++l)
            held.push_back(turnstile::blocking::wait(turnstile::mutex{holding.get(), line("our", l)}.acquire()));
        // Ten thousand places of forty bytes are more than the cautious default allows.
        const our_session waiting{a.servers, 2 * 1024 * 1024};
        until_quiet(a.servers);
        const auto before = footprint_now();
        for (int w = 0; w < a.waiters; ++w)
            boost::asio::co_spawn(loop, wait_in_vain({waiting.get(), line("our", w % lines)}), or_die);
        until_quiet(a.servers);
        r = difference(before, footprint_now(), a.waiters);
    }
    busy.reset();
    return r;
}

}  // namespace

workload many_waiters()
{
    return {"10,000 waiters on one session",
            peer::raw_client(raw_crowd),
            {{"coroutines", our_crowd}},
            {{"P11", heap, target{target::at_most, 2048}},
             {"P11", threads, target{target::at_most, 0}},
             {"P11", descriptors, target{target::at_most, 0}},
             {"", resident, {}}}};
}

}  // namespace bench

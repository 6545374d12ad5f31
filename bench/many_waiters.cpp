// P11: what a waiter occupies while it waits. Ten thousand of one session, a hundred in each line, behind holders of
// another. Other libraries' waiters are threads, and fewer: what one of them occupies does not depend on the others.
#include "library_runs.hpp"
#include "our_session.hpp"
#include "raw_lock.hpp"
#include "usage.hpp"
#include "workload.hpp"

#include <turnstile/recipes/mutex.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <unistd.h>

#include <deque>
#include <stdexcept>
#include <thread>

namespace bench {
namespace {

constexpr auto heap = "heap bytes a waiter";

constexpr int waiters_in_a_line = 100;
constexpr int curators_waiters = 500;
constexpr int kazoos_waiters = 200;

/// What this process occupies, from one moment to another.
class weighing {
public:
    reading of_each(int waiters) const
    {
        const double heap_after = heap_now();
        auto r = growth(before_, footprint_of(::getpid()), waiters);
        r[heap] = (heap_after - heap_before_) / waiters;
        return r;
    }

private:
    double heap_before_ = heap_now();  // gives back what was freed, so it comes first
    footprint before_ = footprint_of(::getpid());
};

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
    const weighing scales;
    for (int w = 0; w < a.waiters; ++w)
        waiters.emplace_back(waiting, line("raw", w % lines), [] {}).enter();
    until_quiet(a.servers);
    auto r = scales.of_each(a.waiters);
    waiting.close();
    holding.close();
    return r;
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
        const weighing scales;
        for (int w = 0; w < a.waiters; ++w)
            boost::asio::co_spawn(loop, wait_in_vain({waiting.get(), line("our", w % lines)}), or_die);
        until_quiet(a.servers);
        r = scales.of_each(a.waiters);
    }
    busy.reset();
    return r;
}

peer threads_of(const std::shared_ptr<library>& other, int waiters)
{
    auto p = beside(other, [=](library& l, const arena& a) {
        return weigh_waiters_of(l, a, "p11", waiters / waiters_in_a_line, waiters);
    });
    p.wants_warm_up = false;  // it begins anew each time
    return p;
}

}  // namespace

std::vector<workload> many_waiters(const libraries& others)
{
    return {{"10,000 waiters on one session (Curator: " + std::to_string(curators_waiters) +
                 ", kazoo: " + std::to_string(kazoos_waiters) + ')',
             {peer::raw_client(raw_crowd), threads_of(others.curator, curators_waiters),
              threads_of(others.kazoo, kazoos_waiters)},
             {{"coroutines", our_crowd}},
             {{"P11", heap, {at_most(2048)}},
              {"P11", name::resident, {at_most_times_peer("Curator", 0.01)}},
              {"P11", name::threads, {at_most(0)}},
              {"P11", name::descriptors, {at_most(0)}}},
             2}};
}

}  // namespace bench

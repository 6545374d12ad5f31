// Two instances of a service, and one of them leads. The first resigns when its work is done; the second takes over, has its
// term ended by an operator, and leads again.
//
//     leader_election [connect string]           without: against a server of its own
#include <turnstile/recipes/leader_election.hpp>
#include <turnstile/testing/server.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr auto rethrow = [](const std::exception_ptr& failed) {
    if (failed)
        std::rethrow_exception(failed);
};

/// Who led, term by term; the second term's work goes on until it is cancelled.
struct chronicle {
    std::vector<std::string> terms;
    int finished = 0;
};

asio::awaitable<void> run_jobs(turnstile::lease& term, std::string name, chronicle& all)
{
    all.terms.push_back(name);
    const bool endless = all.terms.size() == 2;
    std::cout << name << " leads, with fencing token " << term.token() << '\n';
    asio::steady_timer job{co_await asio::this_coro::executor};
    do {
        term.check();  // before each effect outside
        job.expires_after(200ms);
        co_await job.async_wait(asio::use_awaitable);
    } while (endless);
    std::cout << name << " has done its work, and resigns\n";
    ++all.finished;
}

asio::awaitable<void> instance(std::string servers, std::string name, chronicle& all)
{
    const auto session = turnstile::session::open(turnstile::session_options{servers});
    // snippet: lead
    turnstile::leader_election jobs{session, "/services/jobs/leader", name};
    // Whenever it is our turn, for as long as it lasts; ends when the work ends by itself.
    co_await jobs.lead([&](turnstile::lease& term) { return run_jobs(term, name, all); });
    // end of snippet
}

asio::awaitable<void> run(std::string servers, chronicle& all)
{
    const auto session = turnstile::session::open(turnstile::session_options{servers});
    turnstile::leader_election jobs{session, "/services/jobs/leader"};
    const auto executor = co_await asio::this_coro::executor;

    // snippet: follow
    auto leaders = jobs.observe();
    auto leader = co_await leaders.next(20s);  // nobody, at first; from then on it completes when that changes
    // end of snippet
    asio::co_spawn(executor, instance(servers, "jobs-1", all), rethrow);
    while (!leader)
        leader = co_await leaders.next(20s);
    asio::co_spawn(executor, instance(servers, "jobs-2", all), rethrow);
    while (!leader || leader->purpose != "jobs-2")
        leader = co_await leaders.next(20s);

    std::cout << "an operator ends the term of " << leader->purpose << '\n';
    co_await session.erase(jobs.path() + "/" + leader->node);
}

int main(int argc, char** argv)
{
    std::optional<turnstile::testing::server> own;
    const std::string servers = argc > 1 ? argv[1] : own.emplace().connect_string();
    chronicle all;
    asio::io_context io;
    asio::co_spawn(io, run(servers, all), rethrow);
    io.run();
    const bool as_promised = all.terms == std::vector<std::string>{"jobs-1", "jobs-2", "jobs-2"} && all.finished == 2;
    std::cout << (as_promised ? "three terms, one at a time\n" : "something else happened\n");
    return as_promised ? 0 : 1;
}

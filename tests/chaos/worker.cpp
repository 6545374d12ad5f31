// chaos_worker: a process that uses locks, until it is told to stop (SIGTERM), or killed.
//
// SIGUSR1: its ZooKeeper session is ended from outside.
#include <turnstile/session.hpp>
#include "caller.hpp"

#include <support/occupied.hpp>
#include <support/twin.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>

#include <CLI/CLI.hpp>

#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

namespace {

using namespace turnstile;
using namespace turnstile::chaos;
using namespace std::chrono_literals;
namespace asio = boost::asio;

struct arguments {
    std::string name;
    std::string servers;
    std::string direct;
    std::string history;
    std::string resource;
    std::uint64_t seed = 0;
    int callers = 1;
    std::vector<std::string> keys;
    std::int64_t session_timeout = 2'000;
    std::string heap;
};

void declare(CLI::App& app, arguments& a)
{
    app.add_option("--name", a.name)->required();
    app.add_option("--servers", a.servers, "As the session sees them, through proxies")->required();
    app.add_option("--direct", a.direct, "As its twin sees them")->required();
    app.add_option("--history", a.history)->required();
    app.add_option("--resource", a.resource)->required();
    app.add_option("--seed", a.seed)->required();
    app.add_option("--callers", a.callers);
    app.add_option("--keys", a.keys)->required()->delimiter(',');
    app.add_option("--session-timeout", a.session_timeout);
    app.add_option("--heap", a.heap, "The file in which it tells how much it has allocated");
}

session open(const arguments& a)
{
    session_options o{a.servers};
    o.session_timeout = std::chrono::milliseconds{a.session_timeout};
    o.label = a.name;
    o.retry_delay_max = 500ms;
    return session::open(std::move(o));
}

void tell_session_over(testing::history_recorder& log, std::int64_t id, const char* how)
{
    testing::history_event e{testing::history_event_type::session_over};
    e.session = id;
    e.detail = how;
    log.append(e);
}

/// Tells of sessions that the servers have ended.
class expiry_book {
public:
    expiry_book(session s, testing::history_recorder& log) : session_{std::move(s)}, log_{log} {}

    void note(connection_state state)
    {
        if (state == connection_state::connected)
            id_ = session_.id();
        if (state != connection_state::lost || id_ == 0)
            return;
        tell_session_over(log_, id_, "expired");
        id_ = 0;
    }

private:
    session session_;
    testing::history_recorder& log_;
    std::int64_t id_ = 0;
};

household household_of(const session& s, testing::history_recorder& log, const arguments& a)
{
    return {s, cohort{s, cohort_options{.hand_overs = 4, .keep = 1}}, log, a.keys, a.resource};
}

class process {
public:
    explicit process(const arguments& a)
        : arguments_{a}, log_{a.history, a.name}, shared_{household_of(open(a), log_, a)}, expiries_{shared_.session, log_}
    {
        listening_ = shared_.session.on_state(context_.get_executor(), [this](connection_state s) { expiries_.note(s); });
        for (int i = 0; i < a.callers; ++i) {
            const auto name = a.name + "." + std::to_string(i);
            callers_.push_back(std::make_unique<caller>(shared_, context_, name, seed_for(a.seed, name)));
        }
    }

    void run()
    {
        asio::co_spawn(context_, hear(), asio::detached);
        if (!arguments_.heap.empty())
            asio::co_spawn(context_, tell_heap(), asio::detached);
        living_ = callers_.size();
        for (auto& c : callers_)
            asio::co_spawn(context_, c->live(), [this](std::exception_ptr failed) { ended(failed); });
        context_.run();
        if (failed_)
            std::rethrow_exception(failed_);
    }

private:
    asio::awaitable<void> hear()
    {
        for (;;) {
            const int signal = co_await signals_.async_wait(asio::use_awaitable);
            if (signal == SIGUSR1)
                // It blocks, and must not hold up what it strikes.
                asio::post(outside_, [this] { test::end_by_twin(shared_.session, arguments_.direct); });
            else
                shared_.over = true;
        }
    }

    /// Until the context is stopped.
    asio::awaitable<void> tell_heap()
    {
        asio::steady_timer bell{context_};
        for (;;) {
            // Renamed into its place: no reader meets half a number.
            std::ofstream{arguments_.heap + ".new"} << test::heap_bytes();
            std::filesystem::rename(arguments_.heap + ".new", arguments_.heap);
            bell.expires_after(250ms);
            co_await bell.async_wait(asio::use_awaitable);
        }
    }

    void ended(std::exception_ptr failed)
    {
        if (failed && !failed_)
            failed_ = failed;
        if (--living_ == 0)
            asio::co_spawn(context_, leave(), asio::detached);
    }

    asio::awaitable<void> leave()
    {
        try {
            co_await shared_.session.swept(20s);
        } catch (const error& e) {
            std::cerr << "not swept: " << e.what() << '\n';
        }
        co_await shared_.session.close();
        signals_.cancel();
        context_.stop();
    }

    const arguments arguments_;
    asio::io_context context_{1};
    asio::thread_pool outside_{1};
    asio::signal_set signals_{context_, SIGTERM, SIGUSR1};
    testing::history_recorder log_;
    household shared_;
    expiry_book expiries_;
    state_listener listening_;
    std::vector<std::unique_ptr<caller>> callers_;
    std::size_t living_ = 0;
    std::exception_ptr failed_;
};

}  // namespace

int main(int argc, char** argv)
{
    CLI::App app{"chaos_worker: uses locks until it is stopped", "chaos_worker"};
    arguments a;
    declare(app, a);
    CLI11_PARSE(app, argc, argv);
    try {
        process{a}.run();
        return 0;
    } catch (const std::exception& e) {
        std::cerr << a.name << ": " << e.what() << '\n';
        return 1;
    }
}

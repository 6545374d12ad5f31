// What ids cost: how fast messages, keys and turns are claimed, one by one and together; what an id occupies on the server;
// and how long a server that keeps a million of them takes to come back. `bench/capacity`; docs/capacity.md.
#include "our_session.hpp"

#include <turnstile/recipes/lane.hpp>
#include <turnstile/recipes/message_gate.hpp>
#include <turnstile/recipes/once_gate.hpp>
#include <turnstile/recipes/replay_window.hpp>
#include <turnstile/testing/server.hpp>

#include <CLI/CLI.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <iostream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace turnstile;
using namespace std::chrono_literals;
using boost::asio::awaitable;
using clock_type = std::chrono::steady_clock;

using order = resource_kind<"order", "id:u64">;
using checkout = resource_kind<"checkout", "key:text">;

struct plan {
    std::chrono::seconds length{5};
    std::uint64_t ids = 200'000;
    bool fsync = true;
};

/// What is done again and again, each time with numbers that nobody has had before.
using work = std::function<awaitable<void>(std::uint64_t from, std::uint64_t count)>;

std::uint64_t fresh_number = 1;

/// How many a second, with so many callers side by side, each of whom does so many at a time.
double rate(const plan& p, std::size_t callers, std::uint64_t at_a_time, const work& w)
{
    boost::asio::io_context context;
    const auto end = clock_type::now() + p.length;
    std::uint64_t done = 0;
    const auto again = [&]() -> awaitable<void> {
        while (clock_type::now() < end) {
            const auto from = fresh_number;
            fresh_number += at_a_time;
            auto one = w(from, at_a_time);
            co_await std::move(one);
            done += at_a_time;
        }
    };
    const auto began = clock_type::now();
    for (std::size_t i = 0; i < callers; ++i)
        co_spawn(context, again(), bench::or_die);
    context.run();
    return static_cast<double>(done) / std::chrono::duration<double>(clock_type::now() - began).count();
}

std::string id_of(std::uint64_t n)
{
    char text[40];
    std::snprintf(text, sizeof text, "0b7c9f2e-6a51-4d7e-8f00-%012llx", static_cast<unsigned long long>(n));
    return text;
}

std::vector<message> messages(std::uint64_t from, std::uint64_t count)
{
    std::vector<message> all;
    for (auto n = from; n < from + count; ++n)
        all.emplace_back(id_of(n), std::chrono::system_clock::now(), "5f0c2b91d3e8a7645f0c2b91d3e8a764");
    return all;
}

/// Begins them and has them done.
work through_the_gate(const message_gate& gate)
{
    return [&gate](std::uint64_t from, std::uint64_t count) -> awaitable<void> {
        auto beginning = gate.begin_many(messages(from, count), 60s);
        auto begun = co_await std::move(beginning);
        std::vector<delivery> mine;
        for (auto& e : begun)
            mine.push_back(std::get<delivery>(std::move(e)));
        auto finishing = message_gate::done_many(std::move(mine));
        co_await std::move(finishing);
    };
}

work once(const once_gate& gate)
{
    return [&gate](std::uint64_t from, std::uint64_t) -> awaitable<void> {
        auto entering = gate.enter(checkout::key(id_of(from)), "5f0c2b91d3e8a764", 60s);
        auto entered = co_await std::move(entering);
        auto finishing = std::get<admitted>(entered).commit("order 42");
        co_await std::move(finishing);
    };
}

work turns(const lane& desk, bool declares)
{
    return [&desk, declares](std::uint64_t from, std::uint64_t) -> awaitable<void> {
        auto running = desk.run(order::key(from), {"bench", 60s}, [declares](turn& t) -> awaitable<void> {
            if (declares) {
                auto declaring = t.declare("capture 12.50 key 42-7");
                co_await std::move(declaring);
            }
        });
        const auto done = co_await std::move(running);
        if (!done)
            throw std::runtime_error{"a turn was refused"};
    };
}

work numbers(const replay_window& seen, sequence_source& source)
{
    return [&](std::uint64_t, std::uint64_t count) -> awaitable<void> {
        std::vector<sequence> some;
        for (std::uint64_t i = 0; i < count; ++i)
            some.push_back(source.next());
        auto accepting = seen.accept_many(std::move(some), 60s);
        co_await std::move(accepting);
    };
}

void show(const char* what, double a_second) { std::printf("%-58s %10.0f /s\n", what, a_second); }

testing::server_options server_options(const plan& p)
{
    testing::server_options o;
    o.fsync = p.fsync;
    o.tick = 2'000ms;
    // SIGQUIT makes it collect its garbage and tell what is left.
    o.java_options = {"-Xmx1500m", "-XX:+PrintClassHistogram"};
    o.start_patience = 300s;
    return o;
}

/// Bytes that the server's heap keeps, by its own account.
std::int64_t live_heap(const testing::server& zk)
{
    const auto before = zk.log_tail();
    ::kill(zk.pid(), SIGQUIT);
    for (const auto end = clock_type::now() + 60s; clock_type::now() < end; std::this_thread::sleep_for(100ms)) {
        const auto log = zk.log_tail();
        const auto total = log.rfind("\nTotal ");
        if (log == before || total == std::string::npos || log.find('\n', total + 1) == std::string::npos)
            continue;
        long long instances = 0;
        long long bytes = 0;
        if (std::sscanf(log.c_str() + total, "\nTotal %lld %lld", &instances, &bytes) == 2)
            return bytes;
    }
    throw std::runtime_error{"the server does not tell what its heap keeps"};
}

void fill(const plan& p, const work& w)
{
    boost::asio::io_context context;
    std::uint64_t left = p.ids;
    const auto some = [&]() -> awaitable<void> {
        while (left >= 500) {
            left -= 500;
            const auto from = fresh_number;
            fresh_number += 500;
            auto one = w(from, 500);
            co_await std::move(one);
        }
    };
    for (int i = 0; i < 4; ++i)
        co_spawn(context, some(), bench::or_die);
    context.run();
}

void measure_rates(const plan& p)
{
    testing::server zk{server_options(p)};
    const bench::our_session ours{zk.connect_string()};
    const auto s = ours.get();
    const auto gate = blocking::wait(message_gate::open(s, "bench"));
    const auto keys = blocking::wait(once_gate::open(s, {checkout::definition()}));
    const auto desk = blocking::wait(lane::open(s, {order::definition()}));
    const auto seen = blocking::wait(replay_window::open(s, "bench"));
    auto source = blocking::wait(sequence_source::open(s, "bench"));
    rate({2s, 0, p.fsync}, 8, 1, through_the_gate(gate));  // warm
    show("messages, begin and done, one at a time", rate(p, 1, 1, through_the_gate(gate)));
    show("messages, begin and done, 64 side by side", rate(p, 64, 1, through_the_gate(gate)));
    show("messages, begin_many and done_many of 100", rate(p, 1, 100, through_the_gate(gate)));
    show("messages, begin_many and done_many of 500, 2 side by side", rate(p, 2, 500, through_the_gate(gate)));
    show("once_gate, enter and commit, one at a time", rate(p, 1, 1, once(keys)));
    show("once_gate, enter and commit, 64 side by side", rate(p, 64, 1, once(keys)));
    show("lane, a turn of a fresh resource, one at a time", rate(p, 1, 1, turns(desk, false)));
    show("lane, a turn of a fresh resource, 64 side by side", rate(p, 64, 1, turns(desk, false)));
    show("lane, with a declared intent, 64 side by side", rate(p, 64, 1, turns(desk, true)));
    show("replay_window, one at a time", rate(p, 1, 1, numbers(seen, source)));
    show("replay_window, 64 side by side", rate(p, 64, 1, numbers(seen, source)));
    show("replay_window, batches of 100", rate(p, 1, 100, numbers(seen, source)));
}

void measure_memory(const plan& p)
{
    testing::server zk{server_options(p)};
    const auto before = live_heap(zk);
    {
        const bench::our_session ours{zk.connect_string()};
        message_options how;
        how.policy.max_live = 10'000'000;
        const auto gate = blocking::wait(message_gate::open(ours.get(), "bench", how));
        fill(p, through_the_gate(gate));
        // A server keeps its last transactions besides; these push the large ones out of its memory.
        const auto small = [s = ours.get()](std::uint64_t, std::uint64_t) -> awaitable<void> {
            auto writing = s.set("/turnstile", "");
            co_await std::move(writing);
        };
        plan shortly = p;
        shortly.length = 2s;
        rate(shortly, 64, 1, small);
    }
    const auto after = live_heap(zk);
    const auto ids = static_cast<double>(p.ids / 500 * 500);
    std::printf("%-58s %10.0f B\n", "heap of the server for a message that is done",
                static_cast<double>(after - before) / ids);
    zk.kill();
    const auto began = clock_type::now();
    zk.start();
    std::printf("%-58s %10.1f s\n", ("a server with " + std::to_string(p.ids) + " ids serves again, killed, after").c_str(),
                std::chrono::duration<double>(clock_type::now() - began).count());
}

}  // namespace

int main(int argc, char** argv)
{
    CLI::App app{"Claims a second, bytes for an id, and how long a server takes to come back.", "capacity"};
    plan p;
    int seconds = 5;
    bool no_fsync = false;
    app.add_option("--seconds", seconds, "Of each row of rates")->capture_default_str()->check(CLI::Range(1, 600));
    app.add_option("--ids", p.ids, "How many the memory is measured with")
        ->capture_default_str()
        ->check(CLI::Range(1'000, 2'000'000));
    app.add_flag("--no-fsync", no_fsync, "The server does not wait for its disk");
    CLI11_PARSE(app, argc, argv);
    p.length = std::chrono::seconds{seconds};
    p.fsync = !no_fsync;
    try {
        measure_rates(p);
        measure_memory(p);
    } catch (const std::exception& e) {
        std::cerr << "capacity: " << e.what() << '\n';
        return 1;
    }
    return 0;
}

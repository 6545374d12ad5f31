// P7: each time a key that nobody has used before, and what is left of it.
#include "library_runs.hpp"
#include "our_session.hpp"

#include <turnstile/recipes/lane.hpp>

namespace bench {
namespace {

using clock = std::chrono::steady_clock;
using boost::asio::awaitable;

constexpr auto cycles_a_second = "cycles/s";
constexpr auto nodes_left = "nodes left a cycle";
constexpr auto cpu = "client CPU µs a cycle";
constexpr auto requests = "requests a cycle";

using order = turnstile::resource_kind<"order", "id:u64">;

awaitable<turnstile::lease> turn_of(turnstile::lane desk, std::uint64_t number)
{
    auto entering = desk.enter(order::key(number), "");
    auto entered = co_await std::move(entering);
    co_return std::move(std::get<turnstile::turn>(entered).holding());
}

/// Of what was measured as pairs.
reading as_cycles(reading r)
{
    r[cycles_a_second] = r[name::pairs_a_second];
    r[nodes_left] = r[per_pair::nodes_left];
    r[cpu] = r[per_pair::cpu];
    r[requests] = r[per_pair::requests];
    return r;
}

template <class Release>
reading our_cycles(const arena& a, Release release)
{
    static std::uint64_t number = 0;
    const our_session s{a.servers};
    turnstile::lane_options how;
    how.base = "/bench/p7-our";
    const auto desk = turnstile::blocking::wait(turnstile::lane::open(s.get(), {order::definition()}, how));
    const auto cycle = [&] { release(turnstile::blocking::wait(turn_of(desk, ++number))); };
    for (int i = 0; i < a.warming_up(); ++i)
        cycle();
    turnstile::blocking::wait(s.get().swept());

    const meter used{a.servers};
    double cycles = 0;
    const auto begun = clock::now();
    for (const auto until = begun + a.duration; clock::now() < until; ++cycles)
        cycle();
    const std::chrono::duration<double> lasted = clock::now() - begun;
    turnstile::blocking::wait(s.get().swept());
    reading r{{name::pairs_a_second, cycles / lasted.count()}};
    used.share(r, cycles);
    return as_cycles(std::move(r));
}

reading their_cycles(library& other, const arena& a) { return as_cycles(time_loop_of(other, a, "fresh", "p7")); }

}  // namespace

std::vector<workload> fresh_keys(const libraries& others)
{
    const auto left = [](turnstile::lease held) { held.release_in_background(); };
    const auto awaited = [](turnstile::lease held) { turnstile::blocking::wait(held.release()); };
    return {{"a key that nobody has used before",
             {beside(others.curator, their_cycles), beside(others.kazoo, their_cycles)},
             {{"thread", [=](const arena& a) { return our_cycles(a, left); }},
              {"thread, release awaited", [=](const arena& a) { return our_cycles(a, awaited); }}},
             {{"P7", cycles_a_second, {at_least_times_peer("Curator", 2)}},
              {"P7", nodes_left, {at_most(0)}},
              {"", cpu, {}},
              {"", requests, {}}}}};
}

}  // namespace bench

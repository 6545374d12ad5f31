// P8: a try while somebody else has the lock.
#include "library_runs.hpp"
#include "our_session.hpp"
#include "statistics.hpp"

#include <turnstile/recipes/mutex.hpp>

#include <stdexcept>

namespace bench {
namespace {

using clock = std::chrono::steady_clock;

constexpr auto refusal = "refused try µs";  // samples
constexpr auto refusal_p50 = "refused try p50 µs";
constexpr auto refusal_p99 = "refused try p99 µs";
constexpr auto requests = "requests a try";
constexpr auto cpu = "client CPU µs a try";

/// Of what was measured as acquires.
reading as_tries(reading r)
{
    r[refusal_p50] = r[name::acquire_p50];
    r[refusal_p99] = r[name::acquire_p99];
    r[requests] = r[per_pair::requests];
    r[cpu] = r[per_pair::cpu];
    auto samples = r.samples.extract(name::acquire);
    samples.key() = refusal;
    r.samples.insert(std::move(samples));
    return r;
}

double time_one(turnstile::mutex& m)
{
    const auto asked = clock::now();
    const auto got = turnstile::blocking::wait(m.try_acquire());
    const std::chrono::duration<double, std::micro> lasted = clock::now() - asked;
    if (got)
        throw std::runtime_error{"it was held"};
    return lasted.count();
}

reading our_tries(const arena& a)
{
    const our_session holding{a.servers}, trying{a.servers};
    turnstile::mutex theirs{holding.get(), "/bench/p8-our"}, m{trying.get(), "/bench/p8-our"};
    const auto held = turnstile::blocking::wait(theirs.acquire());
    for (int i = 0; i < a.warming_up(); ++i)
        time_one(m);

    std::vector<double> tries;
    tries.reserve(static_cast<std::size_t>(a.samples));
    const meter used{a.servers};
    while (std::ssize(tries) < a.samples)
        tries.push_back(time_one(m));
    reading r;
    used.share(r, a.samples);
    tell_acquires(r, std::move(tries));
    return as_tries(std::move(r));
}

reading their_tries(library& other, const arena& a) { return as_tries(time_pairs_of(other, a, "refused", "p8")); }

}  // namespace

std::vector<workload> refused_tries(const libraries& others)
{
    return {{"try while another holds",
             {beside(others.curator, their_tries), beside(others.kazoo, their_tries)},
             {{"thread", our_tries}},
             {{"P8", refusal_p50, {at_most_times_peer("Curator", 0.30)}},
              {"P8", refusal_p99, {}},
              // One, and some pings of sessions.
              {"P8", requests, {at_most(1.05)}},
              {"", cpu, {}}}}};
}

}  // namespace bench

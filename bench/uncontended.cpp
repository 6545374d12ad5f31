// P1 and P2: nobody else wants the lock.
#include "our_session.hpp"
#include "raw_lock.hpp"
#include "usage.hpp"
#include "workload.hpp"

#include <turnstile/recipes/mutex.hpp>

namespace bench {
namespace {

using clock = std::chrono::steady_clock;

constexpr auto p50 = "acquire p50 µs";
constexpr auto p99 = "acquire p99 µs";
constexpr auto rate = "pairs/s";

double microseconds(clock::duration d) { return std::chrono::duration<double, std::micro>(d).count(); }

/// `acquire` is timed; `release`, awaited, is not.
template <class Acquire, class Release>
reading time_each(const arena& a, Acquire acquire, Release release)
{
    const auto pair = [&] {
        const auto asked = clock::now();
        acquire();
        const auto granted = clock::now();
        release();
        return microseconds(granted - asked);
    };
    for (int warming_up = 0; warming_up < 20; ++warming_up)
        pair();

    std::vector<double> latencies;
    latencies.reserve(static_cast<std::size_t>(a.samples));
    const meter used{a.servers};
    while (std::ssize(latencies) < a.samples)
        latencies.push_back(pair());
    reading r{{p50, percentile(latencies, 0.50)}, {p99, percentile(latencies, 0.99)}};
    used.share(r, a.samples);
    return r;
}

/// `pair` acquires and releases, without waiting for the release's answer.
template <class Pair>
reading time_all(const arena& a, Pair pair)
{
    for (int warming_up = 0; warming_up < 20; ++warming_up)
        pair();
    const meter used{a.servers};
    double pairs = 0;
    const auto begun = clock::now();
    for (const auto until = begun + a.duration; clock::now() < until; ++pairs)
        pair();
    const auto lasted = clock::now() - begun;
    reading r{{rate, pairs * 1e6 / microseconds(lasted)}};
    used.share(r, pairs);
    return r;
}

/// A thread that holds the raw lock now and then.
class raw_holder {
public:
    raw_holder(const std::string& servers, const std::string& directory) : session_{servers, session_timeout}
    {
        session_.make_directory(directory);
        place_.emplace(session_, directory, [this] { granted_.open(); });
    }
    ~raw_holder() { session_.close(); }

    void acquire()
    {
        place_->enter();
        granted_.pass();
    }
    void release() { place_->leave(); }
    void release_and_wait()
    {
        gate gone;
        place_->leave(&gone);
        gone.pass();
    }

private:
    raw_session session_;
    gate granted_;
    std::optional<raw_place> place_;
};

reading raw_latency(const arena& a)
{
    raw_holder holder{a.servers, "/bench/p1-raw"};
    return time_each(
        a, [&] { holder.acquire(); }, [&] { holder.release_and_wait(); });
}

reading our_latency(const arena& a)
{
    const our_session s{a.servers};
    turnstile::mutex m{s.get(), "/bench/p1-our"};
    turnstile::lease held;
    return time_each(
        a, [&] { held = turnstile::blocking::wait(m.acquire()); }, [&] { turnstile::blocking::wait(held.release()); });
}

reading raw_rate(const arena& a)
{
    raw_holder holder{a.servers, "/bench/p2-raw"};
    const auto r = time_all(a, [&] {
        holder.acquire();
        holder.release();
    });
    holder.acquire();
    holder.release_and_wait();
    return r;
}

reading our_rate(const arena& a)
{
    const our_session s{a.servers};
    turnstile::mutex m{s.get(), "/bench/p2-our"};
    const auto r = time_all(a, [&] { turnstile::blocking::wait(m.acquire()).release_in_background(); });
    turnstile::blocking::wait(s.get().swept());
    return r;
}

}  // namespace

workload uncontended_latency()
{
    return {"uncontended acquire",
            peer::raw_client(raw_latency),
            {{"thread", our_latency}},
            {{"P1", p50, target{target::at_most_times_peer, 1.10}},
             {"P1", p99, {}},
             {"", per_pair::cpu, {}},
             {"", per_pair::switches, {}},
             {"", per_pair::allocations, {}},
             {"", per_pair::requests, {}}}};
}

workload uncontended_rate()
{
    return {"acquire + release, not awaited",
            peer::raw_client(raw_rate),
            {{"thread", our_rate}},
            {{"P2", rate, target{target::at_least_times_peer, 1 / 1.15}},
             {"P2", per_pair::cpu, target{target::at_most_times_peer, 1.30}},
             {"", per_pair::switches, {}},
             {"", per_pair::allocations, {}},
             {"", per_pair::requests, {}}}};
}

}  // namespace bench

// P1, P2 and P10: nobody else wants the lock.
#include "library_runs.hpp"
#include "our_session.hpp"
#include "raw_lock.hpp"
#include "usage.hpp"
#include "workload.hpp"

#include <turnstile/recipes/mutex.hpp>

namespace bench {
namespace {

using clock = std::chrono::steady_clock;

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
    for (int i = 0; i < a.warming_up(); ++i)
        pair();

    std::vector<double> latencies;
    latencies.reserve(static_cast<std::size_t>(a.samples));
    const meter used{a.servers};
    while (std::ssize(latencies) < a.samples)
        latencies.push_back(pair());
    reading r;
    used.share(r, a.samples);
    tell_acquires(r, std::move(latencies));
    return r;
}

/// `pair` acquires and releases, without waiting for the release's answer.
template <class Pair>
reading time_all(const arena& a, Pair pair)
{
    for (int i = 0; i < a.warming_up(); ++i)
        pair();
    const meter used{a.servers};
    double pairs = 0;
    const auto begun = clock::now();
    for (const auto until = begun + a.duration; clock::now() < until; ++pairs)
        pair();
    const auto lasted = clock::now() - begun;
    reading r{{name::pairs_a_second, pairs * 1e6 / microseconds(lasted)}};
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

/// Another library's release always waits.
peer loop_of(const std::shared_ptr<library>& other)
{
    return beside(other, [](library& l, const arena& a) { return time_loop_of(l, a, "mutex", "p2"); });
}

peer latency_of(const std::shared_ptr<library>& other)
{
    return beside(other, [](library& l, const arena& a) { return time_pairs_of(l, a, "mutex", "p1"); });
}

}  // namespace

void keep_busy(const arena& a) { raw_rate(a); }

std::vector<workload> uncontended(const libraries& others)
{
    const workload one_by_one{
        "uncontended acquire",
        {peer::raw_client(raw_latency), latency_of(others.curator), latency_of(others.kazoo)},
        {{"thread", our_latency}},
        {{"P1", name::acquire_p50, {at_most_times_peer("raw", 1.10), at_most_times_peer("Curator", 0.80)}},
         {"P1", name::acquire_p99, {}},
         {"", per_pair::cpu, {}},
         {"", per_pair::switches, {}},
         {"", per_pair::allocations, {}},
         {"", per_pair::requests, {}}}};
    const workload in_a_loop{
        "acquire + release, ours not awaited",
        {peer::raw_client(raw_rate), loop_of(others.curator), loop_of(others.kazoo)},
        {{"thread", our_rate}},
        {{"P2", name::pairs_a_second, {at_least_times_peer("raw", 1 / 1.15), at_least_times_peer("Curator", 1 / 0.60)}},
         {"P10", per_pair::cpu, {at_most_times_peer("raw", 1.30), at_most_times_peer("Curator", 0.60)}},
         {"P10", per_pair::allocations, {}},
         {"", per_pair::switches, {}},
         {"", per_pair::requests, {}}}};
    return {one_by_one, in_a_loop};
}

}  // namespace bench

// P9, alone: what the locks of the family cost when nobody else wants them.
#include "library_runs.hpp"
#include "our_session.hpp"
#include "statistics.hpp"

#include <turnstile/recipes/multi_lock.hpp>
#include <turnstile/recipes/mutex.hpp>
#include <turnstile/recipes/semaphore.hpp>
#include <turnstile/recipes/shared_mutex.hpp>

namespace bench {
namespace {

using clock = std::chrono::steady_clock;
using boost::asio::awaitable;

/// Other libraries' release always waits; of their sides this is the same figure as of a pair.
constexpr auto pair_left_p50 = "acquire + release, ours not awaited, p50 µs";

// As in curator/Turn.java and kazoo/turns.py.
constexpr std::uint32_t permits_there_are = 5;
constexpr int keys = 5;

using taking = std::function<awaitable<turnstile::lease>()>;

struct lock {
    std::string title;
    std::string word;  ///< what the other libraries' sides call it
    std::function<taking(turnstile::session, std::string)> at;
    int worth;  ///< grows with what one of them costs Curator; it is taken as many times less often
    bool kazoo_has_it = true;
    std::vector<target> wanted = {};
};

struct times {
    std::vector<double> acquires;
    std::vector<double> pairs;
};

double microseconds(clock::duration d) { return std::chrono::duration<double, std::micro>(d).count(); }

template <class Acquire, class Release>
times time_pairs(int number, Acquire acquire, Release release)
{
    times all;
    while (std::ssize(all.pairs) < number) {
        const auto asked = clock::now();
        acquire();
        const auto granted = clock::now();
        release();
        all.acquires.push_back(microseconds(granted - asked));
        all.pairs.push_back(microseconds(clock::now() - asked));
    }
    return all;
}

reading our_turns(const lock& l, const arena& a)
{
    const our_session s{a.servers};
    const auto take = l.at(s.get(), "/bench/p9-our-" + l.word);
    turnstile::lease held;
    const auto acquire = [&] { held = turnstile::blocking::wait(take()); };
    const auto give_back = [&] { turnstile::blocking::wait(held.release()); };
    time_pairs(a.warming_up(), acquire, give_back);

    const meter used{a.servers};
    auto awaited = time_pairs(a.samples, acquire, give_back);
    reading r;
    used.share(r, a.samples);
    tell_acquires(r, std::move(awaited.acquires));
    r[name::pair_p50] = median(awaited.pairs);
    r[pair_left_p50] = median(time_pairs(a.samples, acquire, [&] { held.release_in_background(); }).pairs);
    turnstile::blocking::wait(s.get().swept());
    return r;
}

reading their_turns(const lock& l, library& other, const arena& a)
{
    auto r = time_pairs_of(other, a, l.word, "p9-" + l.word);
    r[pair_left_p50] = r[name::pair_p50];
    return r;
}

taking read(turnstile::session s, std::string path)
{
    return [m = turnstile::shared_mutex{std::move(s), std::move(path)}]() mutable { return m.acquire_shared(); };
}

taking write(turnstile::session s, std::string path)
{
    return [m = turnstile::shared_mutex{std::move(s), std::move(path)}]() mutable { return m.acquire(); };
}

taking exclusive(turnstile::session s, std::string path)
{
    return [m = turnstile::mutex{std::move(s), std::move(path)}]() mutable { return m.acquire(); };
}

std::function<taking(turnstile::session, std::string)> some_permits(std::uint32_t number)
{
    return [number](turnstile::session s, std::string path) -> taking {
        return [=, all = turnstile::semaphore{std::move(s), std::move(path), permits_there_are}]() mutable {
            return all.acquire(turnstile::permits{number}, turnstile::acquire_options{});
        };
    };
}

taking all_keys(turnstile::session s, std::string path)
{
    std::vector<std::string> paths;
    while (std::ssize(paths) < keys)
        paths.push_back(path + '/' + std::to_string(paths.size()));
    return [all = turnstile::multi_lock{std::move(s), std::move(paths)}]() mutable { return all.acquire(); };
}

arena less_often(arena a, const lock& l)
{
    a.samples = std::max(a.samples / l.worth, 1);
    return a;
}

workload alone(const lock& l, const libraries& others)
{
    const auto theirs = [&](const std::shared_ptr<library>& other) {
        return beside(other, [l](library& some, const arena& a) { return their_turns(l, some, less_often(a, l)); });
    };
    workload w{"uncontended " + l.title,
               {theirs(others.curator)},
               {{"thread", [l](const arena& a) { return our_turns(l, less_often(a, l)); }}},
               {{"P9", name::acquire_p50, l.wanted},
                {"P9", name::acquire_p99, {}},
                {"P9", name::pair_p50, {}},
                {"P9", pair_left_p50, {}},
                {"", per_pair::cpu, {}},
                {"", per_pair::requests, {}}}};
    if (l.kazoo_has_it)
        w.peers.push_back(theirs(others.kazoo));
    return w;
}

}  // namespace

std::vector<workload> family_alone(const libraries& others)
{
    const auto of_curators = [](double bar) { return std::vector{at_most_times_peer("Curator", bar)}; };
    return {alone({"mutex", "mutex", exclusive, 2}, others),
            alone({"read lock", "read", read, 2}, others),
            alone({"write lock", "write", write, 2}, others),
            alone({"1 permit of 5", "permit", some_permits(1), 4, true, of_curators(0.30)}, others),
            alone({"5 permits of 5", "permits", some_permits(permits_there_are), 12, false, of_curators(0.30)}, others),
            alone({"lock of 5 keys", "keys", all_keys, 6, false, of_curators(0.20)}, others)};
}

}  // namespace bench

// P7, P8, and P9 alone: what the locks of the family cost when nobody else wants them.
#include "curator.hpp"
#include "our_session.hpp"

#include <turnstile/recipes/lane.hpp>
#include <turnstile/recipes/multi_lock.hpp>
#include <turnstile/recipes/mutex.hpp>
#include <turnstile/recipes/semaphore.hpp>
#include <turnstile/recipes/shared_mutex.hpp>

#include <stdexcept>

namespace bench {
namespace {

using clock = std::chrono::steady_clock;
using boost::asio::awaitable;

constexpr auto acquire_p50 = "acquire p50 µs";
constexpr auto acquire_p99 = "acquire p99 µs";
constexpr auto pair_p50 = "acquire + release p50 µs";
/// Curator's release always waits; of its side this is the same figure as pair_p50.
constexpr auto pair_left_p50 = "acquire + release, ours not awaited, p50 µs";

constexpr int warming_up = 20;
// As in curator/Turn.java.
constexpr std::uint32_t permits_there_are = 5;
constexpr int keys = 5;

using taking = std::function<awaitable<turnstile::lease>()>;

struct lock {
    std::string title;
    std::string word;  ///< what curator/Turn.java calls it
    std::function<taking(turnstile::session, std::string)> at;
    std::optional<target> wanted = {};          ///< of an acquire
    std::optional<target> wanted_of_pair = {};  ///< of one that is awaited
    std::string id = "P9";
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

reading said_of(const times& t)
{
    return {{acquire_p50, percentile(t.acquires, 0.50)},
            {acquire_p99, percentile(t.acquires, 0.99)},
            {pair_p50, percentile(t.pairs, 0.50)}};
}

reading our_turns(const lock& l, const arena& a)
{
    const our_session s{a.servers};
    const auto take = l.at(s.get(), "/bench/p9-our-" + l.word);
    turnstile::lease held;
    const auto acquire = [&] { held = turnstile::blocking::wait(take()); };
    const auto give_back = [&] {
        if (held)
            turnstile::blocking::wait(held.release());
    };
    time_pairs(warming_up, acquire, give_back);

    const meter used{a.servers};
    auto r = said_of(time_pairs(a.samples, acquire, give_back));
    used.share(r, a.samples);
    r[pair_left_p50] = median(time_pairs(a.samples, acquire, [&] { held.release_in_background(); }).pairs);
    turnstile::blocking::wait(s.get().swept());
    return r;
}

reading their_turns(const lock& l, curator& other, const arena& a)
{
    const auto request = "pairs " + l.word + " /bench/p9-curator-" + l.word + ' ';
    other.ask(a, request + std::to_string(warming_up));

    const auto used = other.meter(a);
    auto answer = other.ask(a, request + std::to_string(a.samples));
    auto r = said_of({answer["acquire"], answer["pair"]});
    used.share(r, a.samples);
    r[pair_left_p50] = r[pair_p50];
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

using order = turnstile::resource_kind<"order", "id:u64">;

awaitable<turnstile::lease> turn_of(turnstile::lane desk, std::uint64_t number)
{
    auto entering = desk.enter(order::key(number), "");
    auto entered = co_await std::move(entering);
    co_return std::move(std::get<turnstile::turn>(entered).holding());
}

/// Each time another resource, which nobody has used before.
taking fresh(turnstile::session s, std::string path)
{
    turnstile::lane_options how;
    how.base = std::move(path);
    const auto desk = turnstile::blocking::wait(turnstile::lane::open(std::move(s), {order::definition()}, how));
    static std::uint64_t number = 0;
    return [desk] { return turn_of(desk, ++number); };
}

awaitable<turnstile::lease> refusal_of(turnstile::mutex m)
{
    auto trying = m.try_acquire();
    const auto got = co_await std::move(trying);
    if (got)
        throw std::runtime_error{"it was held"};
    co_return turnstile::lease{};
}

/// Somebody else has it.
taking refused(turnstile::session s, std::string path)
{
    turnstile::mutex m{std::move(s), std::move(path)};
    const auto holder = std::make_shared<turnstile::lease>(turnstile::blocking::wait(m.acquire()));
    return [m, holder] { return refusal_of(m); };
}

workload alone(const lock& l, const std::shared_ptr<curator>& other)
{
    return {"uncontended " + l.title,
            curator::beside(other, [l](curator& c, const arena& a) { return their_turns(l, c, a); }),
            {{"thread", [l](const arena& a) { return our_turns(l, a); }}},
            {{l.id, acquire_p50, l.wanted},
             {l.id, acquire_p99, {}},
             {l.id, pair_p50, l.wanted_of_pair},
             {l.id, pair_left_p50, {}},
             {"", per_pair::cpu, {}},
             {"", per_pair::requests, {}}}};
}

}  // namespace

std::vector<workload> family_alone(const std::shared_ptr<curator>& other)
{
    const auto at_most = [](double bar) { return target{target::at_most_times_peer, bar}; };
    return {alone({"mutex", "mutex", exclusive}, other),
            alone({"read lock", "read", read}, other),
            alone({"write lock", "write", write}, other),
            alone({"1 permit of 5", "permit", some_permits(1), at_most(0.30)}, other),
            alone({"5 permits of 5", "permits", some_permits(permits_there_are), at_most(0.30)}, other),
            alone({"lock of 5 keys", "keys", all_keys, at_most(0.20)}, other),
            alone({"turn of a resource that nobody has used before", "fresh", fresh, {}, at_most(0.50), "P7"}, other),
            alone({"try that is refused", "refused", refused, at_most(0.30), {}, "P8"}, other)};
}

}  // namespace bench

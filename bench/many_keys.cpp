// P6: a thousand resources that nobody fights for, and one session that takes them and gives them back, many at a time.
//
// Each of so many callers goes round its own share of the keys: acquire, release without waiting for the answer, the next.
// What varies is how many callers there are: "in flight".
#include "library_runs.hpp"
#include "our_session.hpp"
#include "race_rate.hpp"
#include "raw_lock.hpp"
#include "usage.hpp"
#include "workload.hpp"

#include <turnstile/recipes/lane.hpp>
#include <turnstile/recipes/mutex.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <atomic>
#include <deque>
#include <stdexcept>
#include <thread>

namespace bench {
namespace {

using boost::asio::awaitable;

// As in curator/Contender.java and kazoo/race.py.
constexpr int keys = 1'000;

/// Counts what all callers do.
class tally {
public:
    void add() { done_.fetch_add(1, std::memory_order_relaxed); }
    bool finished() const { return finished_; }

    /// Lets the callers run in, measures, tells them to finish.
    reading watch(const arena& a)
    {
        auto r = rate_of(
            a, [&] { return meter{a.servers}; }, [&] { return static_cast<double>(done_.load()); });
        finished_ = true;
        return as_pairs(std::move(r));
    }

    /// Every grant is followed by a release at once.
    static reading as_pairs(reading r)
    {
        r[name::pairs_a_second] = r[name::grants_a_second];
        return r;
    }

private:
    std::atomic<std::uint64_t> done_ = 0;
    std::atomic<bool> finished_ = false;
};

// ---- The C client

/// One of the callers: everything happens on the session's completion thread.
class raw_caller {
public:
    raw_caller(raw_session& s, tally& done) : session_{s}, tally_{done} {}

    void add_key(const std::string& directory)
    {
        places_.emplace_back(session_, directory, [this] { granted(); });
    }
    void begin() { places_.front().enter(); }
    void wait_until_finished() { finished_.pass(); }

private:
    void granted()
    {
        if (tally_.finished()) {
            places_[now_].leave(&finished_);
            return;
        }
        places_[now_].leave();
        tally_.add();
        now_ = (now_ + 1) % places_.size();
        places_[now_].enter();
    }

    raw_session& session_;
    tally& tally_;
    std::deque<raw_place> places_;
    std::size_t now_ = 0;
    gate finished_;
};

reading raw_pairs(const arena& a, int callers)
{
    tally done;
    std::deque<raw_caller> all;
    raw_session session{a.servers, session_timeout};
    for (int i = 0; i < callers; ++i)
        all.emplace_back(session, done);
    for (int key = 0; key < keys; ++key) {
        const auto directory = "/bench/p6-raw/" + std::to_string(key);
        session.make_directory(directory);
        all[static_cast<std::size_t>(key % callers)].add_key(directory);
    }
    for (auto& caller : all)
        caller.begin();
    auto r = done.watch(a);
    for (auto& caller : all)
        caller.wait_until_finished();
    session.close();
    return r;
}

// ---- Ours

/// Takes the key of this number, and gives it back.
using pair_of_key = std::function<awaitable<void>(int key)>;

awaitable<void> go_round(const pair_of_key& pair, int first, int callers, tally& done)
{
    while (true)
        for (int key = first; key < keys; key += callers) {
            if (done.finished())
                co_return;
            auto one = pair(key);
            co_await std::move(one);
            done.add();
        }
}

reading our_pairs(const arena& a, int callers, const our_session& s, const pair_of_key& pair)
{
    for (int key = 0; key < keys; ++key)  // directories are there before anything counts
        turnstile::blocking::wait(pair(key));
    tally done;
    boost::asio::io_context context;
    for (int i = 0; i < callers; ++i)
        co_spawn(context, go_round(pair, i, callers, done), or_die);
    std::thread runs{[&] { context.run(); }};
    auto r = done.watch(a);
    runs.join();
    turnstile::blocking::wait(s.get().swept());
    return r;
}

reading our_locks(const arena& a, int callers)
{
    const our_session s{a.servers};
    std::deque<turnstile::mutex> locks;
    for (int key = 0; key < keys; ++key)
        locks.emplace_back(s.get(), "/bench/p6-our/" + std::to_string(key));
    return our_pairs(a, callers, s, [&](int key) -> awaitable<void> {
        auto acquiring = locks[static_cast<std::size_t>(key)].acquire();
        auto held = co_await std::move(acquiring);
        held.release_in_background();
    });
}

using order = turnstile::resource_kind<"order", "id:u64">;

reading our_turns(const arena& a, int callers)
{
    const our_session s{a.servers};
    turnstile::lane_options how;
    how.base = "/bench/p6-our-lanes";
    const auto desk = turnstile::blocking::wait(turnstile::lane::open(s.get(), {order::definition()}, how));
    return our_pairs(a, callers, s, [&](int key) -> awaitable<void> {
        auto entering = desk.enter(order::key(key), "");
        const auto entered = co_await std::move(entering);
        if (!std::holds_alternative<turnstile::turn>(entered))
            throw std::runtime_error{"a turn was refused"};
    });
}

reading their_locks(library& other, const arena& a, int callers)
{
    return tally::as_pairs(time_race_of(other, a, "many-keys", "p6", callers));
}

workload in_flight(const libraries& others, int callers, double times_curator)
{
    const auto theirs = [=](library& other, const arena& a) { return their_locks(other, a, callers); };
    return {"1,000 keys, " + std::to_string(callers) + " in flight",
            {peer::raw_client([=](const arena& a) { return raw_pairs(a, callers); }), beside(others.curator, theirs),
             beside(others.kazoo, theirs)},
            {{"turns of lanes", [=](const arena& a) { return our_turns(a, callers); }},
             {"locks", [=](const arena& a) { return our_locks(a, callers); }}},
            {{"P6", name::pairs_a_second, {at_least_times_peer("raw", 0.90), at_least_times_peer("Curator", times_curator)}},
             {"", per_pair::cpu, {}},
             {"", per_pair::switches, {}},
             {"", per_pair::allocations, {}},
             {"", per_pair::requests, {}}}};
}

}  // namespace

std::vector<workload> many_keys(const libraries& others)
{
    return {in_flight(others, 16, 1.1), in_flight(others, 64, 3), in_flight(others, 256, 5)};
}

}  // namespace bench

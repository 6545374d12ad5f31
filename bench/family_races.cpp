// P9, contended: eight who want the same, with a session each; they hold for a moment and come again. (A mutex is P3.)
#include "library_runs.hpp"
#include "our_session.hpp"
#include "race_rate.hpp"

#include <turnstile/recipes/multi_lock.hpp>
#include <turnstile/recipes/semaphore.hpp>
#include <turnstile/recipes/shared_mutex.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <atomic>
#include <deque>
#include <random>
#include <stdexcept>
#include <thread>

namespace bench {
namespace {

using boost::asio::awaitable;

constexpr int contenders = 8;
// As in curator/Race.java and kazoo/race.py.
constexpr std::uint32_t permits_there_are = 3;
constexpr int keys = 5;

/// What a contender draws: a grant to come, and where it is inside then.
struct turn {
    awaitable<turnstile::lease> grant;
    std::vector<std::size_t> rooms;
    int weight;
};

using dice = std::mt19937;
using drawing = std::function<turn(dice&)>;

int throw_of(dice& some, int sides) { return std::uniform_int_distribution{0, sides - 1}(some); }

/// Who holds is inside; that more are than may be is noticed. That a grant comes after a release passes through ZooKeeper,
/// of which C++ knows nothing; the counters order it for the compiler.
class hall {
public:
    hall(int rooms, int capacity) : taken_(static_cast<std::size_t>(rooms)), capacity_{capacity} {}

    void visit(const turn& t)
    {
        for (const auto room : t.rooms) {
            if ((taken_[room] += t.weight) > capacity_)
                crowded_ = true;
        }
        ++grants_;
        for (const auto room : t.rooms)
            taken_[room] -= t.weight;
    }

    double grants() const { return grants_; }
    void close() { closed_ = true; }
    bool closed() const { return closed_; }
    /// After everybody has left.
    void check() const
    {
        if (crowded_)
            throw std::logic_error{"more held at once than may"};
    }

private:
    std::vector<std::atomic<int>> taken_;
    const int capacity_;
    std::atomic<bool> crowded_ = false;
    std::atomic<bool> closed_ = false;
    std::atomic<int> grants_ = 0;
};

struct game {
    std::string title;
    std::string word;       ///< what the other libraries' sides call it
    std::string directory;  ///< under ours
    int rooms;
    int capacity;
    std::function<drawing(turnstile::session, std::string)> seat;
    bool kazoo_plays;
    std::vector<target> wanted = {};
};

awaitable<void> contend(drawing draw, dice some, hall& h, bool awaits_release)
{
    while (!h.closed()) {
        auto t = draw(some);
        auto held = co_await std::move(t.grant);
        h.visit(t);
        if (awaits_release)
            co_await held.release();
        else
            held.release_in_background();
    }
}

/// The contenders of one race.
class cast {
public:
    cast(const game& g, const arena& a) : game_{g}, arena_{a}, hall_{g.rooms, g.capacity}
    {
        while (std::ssize(sessions_) < contenders)
            sessions_.emplace_back(a.servers);
    }

    awaitable<void> contender(int number, bool awaits_release)
    {
        const auto& s = sessions_[static_cast<std::size_t>(number)];
        return contend(game_.seat(s.get(), "/bench/p9-race-our-" + game_.directory), dice(static_cast<unsigned>(number)),
                       hall_, awaits_release);
    }

    reading watch()
    {
        auto r = rate_of(
            arena_, [&] { return meter{arena_.servers}; }, [&] { return hall_.grants(); });
        hall_.close();
        return r;
    }

    void check() const { hall_.check(); }

private:
    const game& game_;
    const arena& arena_;
    hall hall_;
    std::deque<our_session> sessions_;
};

reading coroutines_race(const game& g, const arena& a)
{
    cast all{g, a};
    boost::asio::io_context loop{1};
    for (int i = 0; i < contenders; ++i)
        boost::asio::co_spawn(loop, all.contender(i, false), or_die);
    std::jthread one_thread{[&] { loop.run(); }};
    auto r = all.watch();
    one_thread.join();
    all.check();
    return r;
}

reading threads_race(const game& g, const arena& a)
{
    cast all{g, a};
    std::deque<std::jthread> threads;
    for (int i = 0; i < contenders; ++i)
        threads.emplace_back([&all, i] { turnstile::blocking::wait(all.contender(i, true)); });
    auto r = all.watch();
    threads.clear();
    all.check();
    return r;
}

/// A writer fills the room.
drawing reader_or_writer(turnstile::session s, std::string path)
{
    return [m = turnstile::shared_mutex{std::move(s), std::move(path)}](dice& some) mutable {
        const bool writes = throw_of(some, 10) == 0;
        return writes ? turn{m.acquire(), {0}, contenders} : turn{m.acquire_shared(), {0}, 1};
    };
}

drawing one_permit(turnstile::session s, std::string path)
{
    return [all = turnstile::semaphore{std::move(s), std::move(path), permits_there_are}](dice&) mutable {
        return turn{all.acquire(), {0}, 1};
    };
}

drawing two_keys(turnstile::session s, std::string path)
{
    return [s = std::move(s), path = std::move(path)](dice& some) {
        const int first = throw_of(some, keys);
        const int second = (first + 1 + throw_of(some, keys - 1)) % keys;
        turnstile::multi_lock both{s, {path + '/' + std::to_string(first), path + '/' + std::to_string(second)}};
        return turn{both.acquire(), {static_cast<std::size_t>(first), static_cast<std::size_t>(second)}, 1};
    };
}

workload race(const game& g, const libraries& others)
{
    const auto theirs = [&](const std::shared_ptr<library>& other) {
        return beside(other, [g](library& some, const arena& a) {
            return time_race_of(some, a, g.word, "p9-race-" + g.word, contenders);
        });
    };
    workload w{g.title + ", 8 contenders",
               {theirs(others.curator)},
               {{"coroutines", [g](const arena& a) { return coroutines_race(g, a); }},
                {"threads, release awaited", [g](const arena& a) { return threads_race(g, a); }}},
               {{"P9", name::grants_a_second, g.wanted}, {"", per_pair::cpu, {}}, {"", per_pair::requests, {}}}};
    if (g.kazoo_plays)
        w.peers.push_back(theirs(others.kazoo));
    return w;
}

/// Curator's keys in any order: only giving up ends a circle of waiting.
workload race_with_circles(const game& g, const libraries& others)
{
    auto w = race(g, others);
    w.measures.push_back({"", given_up_a_second, {}});
    return w;
}

}  // namespace

std::vector<workload> family_races(const libraries& others)
{
    const std::vector<target> a_third{at_least_times_peer("Curator", 1 / 0.30)};
    const int room_for_all = contenders;
    const int three = permits_there_are;
    // kazoo 2.8's readers wait for writers behind them, who wait for them: its race of both does not end.
    return {
        race({"90 % readers, 10 % writers", "read-write", "read-write", 1, room_for_all, reader_or_writer, false, a_third},
             others),
        race({"3 permits", "permits", "permits", 1, three, one_permit, true}, others),
        race_with_circles({"2 of 5 keys, any order", "two-keys", "two-keys", keys, 1, two_keys, false}, others),
        race({"2 of 5 keys, Curator's sorted", "two-keys-sorted", "two-keys", keys, 1, two_keys, false}, others)};
}

}  // namespace bench

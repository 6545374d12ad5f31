// P3 and P4: one key, contenders with a session each, who release at once and come again.
#include "library_runs.hpp"
#include "our_session.hpp"
#include "race_rate.hpp"
#include "raw_lock.hpp"
#include "usage.hpp"
#include "workload.hpp"

#include <turnstile/recipes/mutex.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <atomic>
#include <deque>
#include <stdexcept>
#include <thread>

namespace bench {
namespace {

using clock = std::chrono::steady_clock;

/// Only the holder writes here. That passes through ZooKeeper, of which C++ knows nothing: `inside_` orders it for the
/// compiler.
class scoreboard {
public:
    scoreboard() { hand_overs_.reserve(1 << 20); }

    void granted()
    {
        const auto now = clock::now();
        if (inside_.exchange(true))
            overlaps_.fetch_add(1);
        if (counting_ && released_ != clock::time_point{})
            hand_overs_.push_back(std::chrono::duration<double, std::micro>(now - released_).count());
        ++grants_;
    }
    /// Call it just before the delete is submitted.
    void releases()
    {
        released_ = clock::now();
        inside_ = false;
    }

    bool finished() const { return finished_; }

    /// Lets the contenders run in, measures, tells them to finish.
    reading watch(const arena& a)
    {
        auto r = rate_of(
            a, [&] { return begin_to_count(a); }, [&] { return grants_.load(); });
        counting_ = false;
        finished_ = true;
        return r;
    }

    /// After everybody has finished.
    void tell_hand_overs(reading& into)
    {
        if (overlaps_ != 0)
            throw std::logic_error{"two held the lock at once"};
        bench::tell_hand_overs(into, hand_overs_);
    }

private:
    meter begin_to_count(const arena& a)
    {
        counting_ = true;
        return meter{a.servers};
    }

    std::atomic<bool> counting_ = false;
    std::atomic<bool> finished_ = false;
    std::atomic<bool> inside_ = false;
    std::atomic<int> overlaps_ = 0;
    std::atomic<int> grants_ = 0;
    clock::time_point released_;
    std::vector<double> hand_overs_;
};

/// Lives on its session's completion thread alone.
class raw_contender {
public:
    raw_contender(const std::string& servers, const std::string& directory, scoreboard& board)
        : board_{board}, session_{servers, session_timeout}
    {
        session_.make_directory(directory);
        place_.emplace(session_, directory, [this] { granted(); });
    }
    ~raw_contender() { session_.close(); }

    void begin() { place_->enter(); }
    void until_finished() { finished_.pass(); }

private:
    void granted()
    {
        board_.granted();
        const bool last = board_.finished();
        board_.releases();
        place_->leave(last ? &finished_ : nullptr);
        if (!last)
            place_->enter();
    }

    scoreboard& board_;
    raw_session session_;
    gate finished_;
    std::optional<raw_place> place_;
};

reading raw_race(const arena& a, int contenders)
{
    scoreboard board;
    std::deque<raw_contender> all;
    while (std::ssize(all) < contenders)
        all.emplace_back(a.servers, "/bench/p3-raw", board);
    for (auto& c : all)
        c.begin();
    auto r = board.watch(a);
    for (auto& c : all)
        c.until_finished();
    board.tell_hand_overs(r);
    return r;
}

boost::asio::awaitable<void> contend(turnstile::mutex m, scoreboard& board)
{
    while (!board.finished()) {
        auto held = co_await m.acquire();
        board.granted();
        board.releases();
        held.release_in_background();
    }
}

reading coroutines_race(const arena& a, int contenders)
{
    scoreboard board;
    std::deque<our_session> sessions;
    boost::asio::io_context loop{1};
    while (std::ssize(sessions) < contenders) {
        sessions.emplace_back(a.servers);
        boost::asio::co_spawn(loop, contend({sessions.back().get(), "/bench/p3-our"}, board), or_die);
    }
    std::jthread one_thread{[&] { loop.run(); }};
    auto r = board.watch(a);
    one_thread.join();
    board.tell_hand_overs(r);
    return r;
}

reading threads_race(const arena& a, int contenders)
{
    scoreboard board;
    std::deque<our_session> sessions;
    while (std::ssize(sessions) < contenders)
        sessions.emplace_back(a.servers);
    std::deque<std::jthread> threads;
    for (auto& s : sessions)
        threads.emplace_back([&] { turnstile::blocking::wait(contend({s.get(), "/bench/p3-our"}, board)); });
    auto r = board.watch(a);
    threads.clear();
    board.tell_hand_overs(r);
    return r;
}

/// How many times Curator's grants are wanted: it is level with everybody while two hand over to each other.
double wanted_of_curator(int contenders) { return contenders < 8 ? 1.0 : contenders < 32 ? 1.5 : 1.6; }

workload one_key(int contenders, const libraries& others)
{
    const auto theirs = [=](const std::shared_ptr<library>& other) {
        return beside(other, [=](library& l, const arena& a) { return time_race_of(l, a, "mutex", "p3", contenders); });
    };
    workload w{"one key, " + std::to_string(contenders) + " contenders",
               {peer::raw_client([=](const arena& a) { return raw_race(a, contenders); }), theirs(others.curator),
                theirs(others.kazoo)},
               {{"coroutines", [=](const arena& a) { return coroutines_race(a, contenders); }},
                {"threads", [=](const arena& a) { return threads_race(a, contenders); }}},
               {{"P3",
                 name::grants_a_second,
                 {at_least_times_peer("raw", 0.95), at_least_times_peer("Curator", wanted_of_curator(contenders))}}}};
    if (contenders == 32) {
        w.measures.push_back(
            {"P4", name::hand_over_p50, {at_most_times_peer("raw", 1.10), at_most_times_peer("Curator", 0.65)}});
        w.measures.push_back({"P4", name::hand_over_p99, {}});
    }
    for (const auto* context : {per_pair::cpu, per_pair::switches, per_pair::allocations, per_pair::requests})
        w.measures.push_back({"", context, {}});
    return w;
}

}  // namespace

std::vector<workload> contended(const libraries& others)
{
    return {one_key(2, others), one_key(8, others), one_key(32, others)};
}

}  // namespace bench

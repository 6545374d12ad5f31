// P5: what a grant costs when many stand in line for one key.
//
// Everybody who was granted gives the lock back at once, and goes to the end of the line. So the line is as deep at the end
// as at the beginning, and coming to a line so deep is part of a grant's cost, on all sides. All stand there with one
// session.
#include "library.hpp"
#include "our_session.hpp"
#include "raw_lock.hpp"
#include "usage.hpp"
#include "wire.hpp"
#include "workload.hpp"

#include <turnstile/recipes/mutex.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <atomic>
#include <deque>
#include <stdexcept>
#include <thread>

namespace bench {
namespace {

using clock = std::chrono::steady_clock;

constexpr auto cost = "µs a grant";
constexpr auto bytes = "bytes a grant";

/// So many come at a time. A server keeps the lists that nobody has read yet in its memory, however long they are.
constexpr int group = 100;

/// What all who stand in the line write on.
class tally {
public:
    /// False: it is over, keep the lock and go no further.
    bool granted()
    {
        ++grants_;
        return !closed_;
    }
    /// A later place is served before an earlier one, or one twice: the line is broken.
    bool granted(turnstile::fencing_token token)
    {
        if (token <= std::exchange(newest_, token))
            throw std::logic_error{"granted out of order"};
        return granted();
    }

    double grants() const { return grants_; }
    void close() { closed_ = true; }
    bool closed() const { return closed_; }

private:
    std::atomic<bool> closed_ = false;
    std::atomic<int> grants_ = 0;
    turnstile::fencing_token newest_ = 0;  // of the thread of whoever holds
};

int depth_in(const arena& a, int depth) { return std::min(depth, a.waiters); }

/// How many stand in the line; whoever has just left and comes again may be missing.
class onlooker {
public:
    onlooker(const std::string& servers, std::string directory) : session_{servers}, directory_{std::move(directory)} {}

    void until_there_are(int number) const
    {
        while (seen() < number - 1)
            std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }

private:
    int seen() const
    {
        const auto directory = turnstile::blocking::wait(session_.get().exists(directory_));
        return directory ? directory->num_children : 0;
    }

    const our_session session_;
    const std::string directory_;
};

/// Lets `depth` come, group by group.
template <class Enter>
void fill(const onlooker& line, int depth, Enter enter)
{
    for (int there = 0; there < depth;) {
        for (const int all = std::min(there + group, depth); there < all; ++there)
            enter();
        line.until_there_are(there);
    }
}

/// For as long as asked, and until there were so many that one does not matter.
template <class Grants>
double wait_for_grants(std::chrono::milliseconds how_long, Grants grants)
{
    constexpr double enough = 20;
    const double before = grants();
    for (const auto until = clock::now() + how_long;;) {
        const double granted = grants() - before;
        if (granted >= enough && clock::now() >= until)
            return granted;
        std::this_thread::sleep_for(std::min(how_long, std::chrono::milliseconds{10}));
    }
}

/// `grants` says how many there were until now.
template <class Grants>
reading measure_line(const arena& a, Grants grants)
{
    wait_for_grants(a.duration / 5, grants);
    const wire_meter wire{a.servers};
    const auto begun = clock::now();
    const double granted = wait_for_grants(a.duration, grants);
    const std::chrono::duration<double, std::micro> lasted = clock::now() - begun;
    return {{cost, lasted.count() / granted}, {bytes, wire.bytes() / granted}};
}

std::string directory_of(const std::string& side, int depth) { return "/bench/p5-" + side + '-' + std::to_string(depth); }

/// Comes again and again, on its session's completion thread.
class raw_regular {
public:
    raw_regular(raw_session& session, const std::string& directory, tally& t)
        : tally_{t}, place_{session, directory, [this] { granted(); }}
    {
    }

    void come() { place_.enter(); }

private:
    void granted()
    {
        if (!tally_.granted())
            return;
        place_.leave();
        place_.enter();
    }

    tally& tally_;
    raw_place place_;
};

reading raw_line(const arena& a, int depth)
{
    const auto directory = directory_of("raw", depth);
    tally t;
    std::deque<raw_regular> regulars;
    raw_session session{a.servers, session_timeout};
    session.make_directory(directory);
    const onlooker line{a.servers, directory};
    fill(line, depth_in(a, depth), [&] { regulars.emplace_back(session, directory, t).come(); });
    auto r = measure_line(a, [&] { return t.grants(); });
    t.close();
    until_quiet(a.servers);  // a handle that is being closed takes no more requests
    session.close();
    return r;
}

boost::asio::awaitable<void> come_again_and_again(turnstile::mutex m, tally& t)
{
    try {
        while (true) {
            auto held = co_await m.acquire();
            if (!t.granted(held.token()))
                break;
            held.release_in_background();
        }
    } catch (const turnstile::error&) {
        if (!t.closed())
            throw;
        // The session was closed: that is how the others' waits end.
    }
}

reading our_line(const arena& a, int depth)
{
    const auto directory = directory_of("our", depth);
    tally t;
    boost::asio::io_context loop{1};
    auto busy = boost::asio::make_work_guard(loop);
    std::jthread one_thread{[&] { loop.run(); }};
    reading r;
    {
        // Ten thousand places of forty bytes are more than the cautious default allows.
        const our_session session{a.servers, 2 * 1024 * 1024};
        const onlooker line{a.servers, directory};
        fill(line, depth_in(a, depth), [&] {
            boost::asio::co_spawn(loop, come_again_and_again({session.get(), directory}, t), or_die);
        });
        r = measure_line(a, [&] { return t.grants(); });
        t.close();
    }
    busy.reset();
    return r;
}

reading line_of(library& other, const arena& a, int depth)
{
    const auto directory = directory_of(other.name(), depth);
    other.ask(a, "race deep " + directory + ' ' + std::to_string(depth));
    onlooker{a.servers, directory}.until_there_are(depth);
    auto r = measure_line(a, [&] { return other.ask(a, "count")["grants"].front(); });
    other.ask(a, "finish");
    return r;
}

std::string in_words(int depth)
{
    const auto digits = std::to_string(depth);
    return depth < 1'000 ? digits : digits.substr(0, digits.size() - 3) + ',' + digits.substr(digits.size() - 3);
}

std::string title_of(int depth) { return "queue " + in_words(depth) + " deep"; }

workload queue(int depth, const libraries& others)
{
    workload w{title_of(depth),
               {peer::raw_client([=](const arena& a) { return raw_line(a, depth); })},
               {{"coroutines", [=](const arena& a) { return our_line(a, depth); }}},
               {{"P5", cost, {}}, {"P5", bytes, {}}}};
    // They take a thread for each who waits.
    for (const auto& [other, depth_max] : {std::pair{others.curator, 1'000}, std::pair{others.kazoo, 100}}) {
        if (depth <= depth_max)
            w.peers.push_back(beside(other, [=](library& l, const arena& a) { return line_of(l, a, depth); }));
    }
    return w;
}

}  // namespace

std::vector<workload> deep_queue(const libraries& others)
{
    std::vector<workload> all;
    for (const int depth : {10, 100, 1'000, 10'000})
        all.push_back(queue(depth, others));
    all.back().rounds_max = 2;  // it takes long to fill
    all[1].measures[0].targets = {at_most_times_peer("Curator", 0.65)};
    all[2].measures[0].targets = {at_most_times_peer("Curator", 0.40), at_most_times_workload(title_of(10), 1.2)};
    all[2].measures[1].targets = {at_most_times_peer("Curator", 0.25)};
    return all;
}

}  // namespace bench

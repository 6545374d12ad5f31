// Crowds: all are served, and when they have gone, everything is as it was before they came.
#include "footprint.hpp"

#include <turnstile/blocking.hpp>
#include <turnstile/recipes/mutex.hpp>
#include <turnstile/testing/server.hpp>

#include <support/async_runner.hpp>
#include <support/eventually.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace turnstile::test {
namespace {

using namespace std::chrono_literals;
using blocking::wait;
using boost::asio::awaitable;

constexpr int sessions = 10;
constexpr auto patience = 300s;
/// A leak of sixteen bytes for each of ten thousand would show.
constexpr std::int64_t slack = 160'000;

/// A server whose empty containers go soon, as those of a production server do within minutes.
testing::server& a_tidy_server()
{
    static testing::server the_one{[] {
        testing::server_options o;
        o.tick = 1s;  // sessions of twenty seconds survive a machine that is busy with ten thousand of something
        o.java_options = {"-Dznode.container.checkIntervalMs=500", "-Dznode.container.maxPerMinute=1000000"};
        return o;
    }()};
    return the_one;
}

class crowd : public ::testing::Test {
protected:
    void open()
    {
        session_options o{zk_.connect_string()};
        o.session_timeout = 20s;
        for (int i = 0; i < sessions; ++i)
            open_.push_back(session::open(o));
        for (const auto& s : open_)
            wait(s.connected(30s));
    }
    void close()
    {
        for (const auto& s : open_)
            wait(s.close());
        open_.clear();
    }
    const session& session_of(int who) const { return open_[static_cast<std::size_t>(who) % open_.size()]; }

    /// Asked again and again: "mntr" would walk over all nodes each time.
    std::int64_t watches() const
    {
        const auto words = zk_.four_letter("wchs");
        const std::string_view before = "Total watches:";
        const auto at = words.find(before);
        return at == std::string::npos ? -1 : std::stoll(words.substr(at + before.size()));
    }

    /// Starts one more, whose end is counted.
    void spawn(awaitable<void> what)
    {
        boost::asio::co_spawn(run_.context(), std::move(what), [this](const std::exception_ptr& failed) {
            failed_ += failed ? 1 : 0;
            ++ended_;
        });
    }
    bool all_ended(int count)
    {
        return eventually([&] { return ended_ == count; }, patience);
    }

    /// Once with a few, so that what is kept for good is there already; then with all.
    void compare(int few, int many, const std::function<void(int count)>& visit)
    {
        const auto visited = [&](int count) {
            ended_ = failed_ = 0;
            open();
            visit(count);
            close();
            EXPECT_EQ(failed_, 0);
        };
        visited(few);
        std::optional<footprint> before;
        ASSERT_TRUE(eventually([&] { return before.emplace(zk_).nodes == empty_.nodes; }, 30s)) << *before;
        const auto begin = std::chrono::steady_clock::now();
        visited(many);
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
        std::optional<footprint> after;
        EXPECT_TRUE(eventually([&] { return after.emplace(zk_).is_no_more_than(*before, slack); }, 60s));
        std::cout << many << " took " << took.count() << " s\n  before: " << *before << "\n  after:  " << *after << "\n";
    }

    testing::server& zk_ = a_tidy_server();
    const footprint empty_{zk_};
    std::vector<session> open_;
    async_runner run_;
    std::atomic<int> ended_{0};
    std::atomic<int> failed_{0};
};

/// Who comes lists the line, so the work grows with the square of their number: ten thousand take minutes.
int contenders()
{
    const char* const told = std::getenv("TURNSTILE_CONTENDERS");
    return told ? std::stoi(told) : 2'000;
}

/// In and out, one at a time, each behind those who came before.
awaitable<void> pass(mutex m, std::atomic<int>& inside, std::atomic<fencing_token>& last)
{
    auto held = co_await m.acquire(patience);
    EXPECT_EQ(++inside, 1);
    EXPECT_GT(held.token(), last.exchange(held.token())) << "in the order in which they came";
    --inside;
    co_await held.release();
}

/// One after the other: what is sent all at once is answered late on a slow machine, and a lease counts from the sending.
awaitable<void> hold(session s, int first, int count, std::vector<lease>& into)
{
    for (int i = first; i < count; i += sessions)
        into.push_back(co_await mutex{s, "/crowd/key-" + std::to_string(i)}.acquire(patience));
}

awaitable<void> watch_for(session s, std::string path, watcher& w) { co_await s.exists(std::move(path), w, patience); }

}  // namespace

TEST_F(crowd, OfManyOnOneKeyAllAreServedInOrder)
{
    compare(100, contenders(), [this](int count) {
        std::atomic<int> inside{0};
        std::atomic<fencing_token> last{0};
        for (int i = 0; i < count; ++i)
            spawn(pass(mutex{session_of(i), "/crowd/one"}, inside, last));
        EXPECT_TRUE(all_ended(count));
    });
}

TEST_F(crowd, OfTenThousandKeysAllAreHeldAtOnce)
{
    compare(100, 10'000, [this](int count) {
        std::vector<lease> held;
        held.reserve(static_cast<std::size_t>(count));
        for (int i = 0; i < sessions; ++i)
            spawn(hold(session_of(i), i, count, held));
        ASSERT_TRUE(all_ended(sessions));
        EXPECT_GE(zk_.metric("zk_ephemerals_count"), count);
        // The nodes of leases are watched after a quarter of the timeout.
        EXPECT_TRUE(eventually([&] { return watches() >= count; }, 60s));
        EXPECT_EQ(std::count_if(held.begin(), held.end(), [](const auto& l) { return l.held(); }), count);
        held.clear();
        for (const auto& s : open_)
            wait(s.swept(60s));
        EXPECT_LE(zk_.metric("zk_ephemerals_count"), sessions) << "a member node each";
        EXPECT_EQ(watches(), 0) << "nothing is left while the sessions are open, either";
    });
}

TEST_F(crowd, OfFortyThousandWatchesNoneIsLeftWhenTheirWatchersGo)
{
    compare(100, 40'000, [this](int count) {
        std::vector<watcher> watchers;
        watchers.reserve(static_cast<std::size_t>(count));
        for (int i = 0; i < count; ++i) {
            watchers.emplace_back(session_of(i));
            spawn(watch_for(session_of(i), "/crowd/w-" + std::to_string(i), watchers.back()));
        }
        ASSERT_TRUE(all_ended(count));
        EXPECT_EQ(watches(), count);
        watchers.clear();
        EXPECT_TRUE(eventually([&] { return watches() == 0; }, 60s)) << "while the sessions are open";
    });
}

}  // namespace turnstile::test

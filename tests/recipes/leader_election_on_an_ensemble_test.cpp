// An election whose servers all go, with what they knew or without it, and come back.
#include "ensemble_room.hpp"

#include <turnstile/recipes/leader_election.hpp>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <atomic>

namespace turnstile::test {
namespace {

using namespace std::chrono_literals;
using blocking::wait;

constexpr auto patience = 60s;

class leader_election_and_restarts : public recipe_and_restarts {
protected:
    running<void> lead(const session& s, const std::string& name)
    {
        return run_.spawn(leader_election{s, path_, name}.lead([this](lease& term) { return serve(term); }));
    }

    const std::string path_ = "/restarted/leader";
    std::atomic<int> at_work_ = 0;
    std::atomic<int> most_ = 0;
    std::atomic<int> terms_ = 0;
    std::atomic<bool> finished_ = false;
    async_runner run_;

private:
    /// Until it is told that the work is finished, or is cancelled.
    boost::asio::awaitable<void> serve(lease& term)
    {
        struct presence {
            std::atomic<int>& n;
            explicit presence(std::atomic<int>& counter) : n{counter} { ++n; }
            ~presence() { --n; }
        };
        EXPECT_TRUE(term.held());
        const presence here{at_work_};
        most_ = std::max(most_.load(), at_work_.load());
        ++terms_;
        boost::asio::steady_timer nap{co_await boost::asio::this_coro::executor};
        while (!finished_) {
            nap.expires_after(2ms);
            co_await nap.async_wait(boost::asio::use_awaitable);
        }
    }
};

TEST_P(leader_election_and_restarts, OneLeadsAgainWhenAllServersAreRestarted)  // 31
{
    const auto a = open();
    const auto b = open();
    const auto follower = open();
    auto leaders = leader_election{follower, path_}.observe();
    EXPECT_FALSE(wait(leaders.next(patience))) << "nobody leads at first";
    auto one = lead(a, "alpha");
    auto two = lead(b, "beta");
    ASSERT_TRUE(eventually([&] { return at_work_ == 1 && children_now(follower, path_).size() == 2; }));
    const auto first = wait(leaders.next(patience));
    ASSERT_TRUE(first);

    stop_all();
    EXPECT_TRUE(eventually([&] { return at_work_ == 0; })) << "a term runs out without any server";
    EXPECT_EQ(terms_, 1) << "nobody follows while there is no server";
    zk_.start_all();

    EXPECT_TRUE(eventually([&] { return terms_ == 2; }, patience)) << "one leads again";
    auto next = wait(leaders.next(patience));
    while (!next)
        next = wait(leaders.next(patience));
    EXPECT_NE(next->node, first->node) << "on a place of its own, never on one from before";
    EXPECT_TRUE(eventually([&] { return children_now(follower, path_).size() == 2; }, patience)) << "and one follows";
    finished_ = true;
    one.get();
    two.get();
    EXPECT_EQ(most_, 1);
    EXPECT_TRUE(eventually([&] { return children_now(follower, path_).empty(); }));
}

INSTANTIATE_TEST_SUITE_P(data, leader_election_and_restarts, ::testing::Combine(::testing::Bool(), ::testing::Bool()),
                         name_of_restart);

}  // namespace
}  // namespace turnstile::test

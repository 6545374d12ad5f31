// One leader at a time, told to those who follow; work that runs while leading. Scenario 31.
#include "recipe_room.hpp"

#include <turnstile/recipes/leader_election.hpp>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <atomic>

namespace turnstile::test {
namespace {

using namespace std::chrono_literals;

class leader_election_on : public recipe_on {
protected:
    leader_election candidate(const session& s, const std::string& name) { return {s, path_, name}; }

    /// Work that ends when it is told to, or cancelled; it counts those who are at it.
    boost::asio::awaitable<void> serve(lease& term)
    {
        struct presence {
            std::atomic<int>& n;
            explicit presence(std::atomic<int>& counter) : n{counter} { ++n; }
            ~presence() { --n; }
        };
        EXPECT_TRUE(term.held());
        ++terms_;
        const presence here{at_work_};
        most_ = std::max(most_.load(), at_work_.load());
        boost::asio::steady_timer nap{co_await boost::asio::this_coro::executor};
        while (!finished_) {
            nap.expires_after(2ms);
            co_await nap.async_wait(boost::asio::use_awaitable);
        }
    }
    running<void> lead(const session& s, when_cut_off policy = when_cut_off::go_on)
    {
        return run_.spawn(candidate(s, "c").lead([this](lease& term) { return serve(term); }, policy));
    }

    const std::string path_ = "/services/jobs/leader";
    std::atomic<int> at_work_ = 0;
    std::atomic<int> most_ = 0;
    std::atomic<int> terms_ = 0;
    std::atomic<bool> finished_ = false;
};

TEST_P(leader_election_on, TheFirstLeadsAndTheOthersFollowInOrder)
{
    const auto a = open();
    const auto b = open();
    auto first = wait(candidate(a, "alpha").campaign(patience));
    EXPECT_FALSE(wait(candidate(b, "beta").try_lead()));
    auto second = run_.spawn(candidate(b, "beta").campaign(patience));
    expect_depth(path_, 2);
    const auto all = wait(candidate(a, "x").participants());
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[0].purpose, "alpha");
    EXPECT_EQ(all[1].purpose, "beta");
    EXPECT_EQ(wait(candidate(b, "x").leader())->purpose, "alpha");
    const auto token = first.token();
    wait(first.release());
    EXPECT_GT(second.get().token(), token);
}

TEST_P(leader_election_on, NobodyLeadsAnEmptyElection)
{
    const auto s = open();
    EXPECT_FALSE(wait(candidate(s, "a").leader()));
    EXPECT_TRUE(wait(candidate(s, "a").participants()).empty());
}

TEST_P(leader_election_on, FollowersAreToldWhoLeads)
{
    const auto a = open();
    const auto b = open();
    const auto follower = open();
    auto leaders = candidate(follower, "").observe();
    EXPECT_FALSE(wait(leaders.next(patience))) << "nobody leads at first";
    auto news = run_.spawn(leaders.next(patience));
    auto first = wait(candidate(a, "alpha").campaign(patience));
    EXPECT_EQ(news.get()->purpose, "alpha");
    auto second = run_.spawn(candidate(b, "beta").campaign(patience));
    expect_depth(path_, 2);
    EXPECT_EQ(error_of([&] { wait(leaders.next(30ms)); }), errc::timed_out);
    zk_->expire(a);
    EXPECT_EQ(wait(leaders.next(patience))->purpose, "beta");
    auto held = second.get();
    wait(held.release());
    EXPECT_FALSE(wait(leaders.next(patience)));
}

TEST_P(leader_election_on, FollowingGoesOnInTheNextSession)
{
    const auto a = open();
    const auto follower = open();
    auto first = wait(candidate(a, "alpha").campaign(patience));
    auto leaders = candidate(follower, "").observe();
    EXPECT_EQ(wait(leaders.next(patience))->purpose, "alpha");
    auto news = run_.spawn(leaders.next(patience));
    zk_->expire(follower);
    EXPECT_FALSE(news.done(30ms)) << "the leader is the same";
    wait(first.release());
    EXPECT_FALSE(news.get());
}

TEST_P(leader_election_on, WorkRunsWhileLeadingAndItsEndResigns)
{
    const auto a = open();
    const auto b = open();
    auto one = lead(a);
    auto two = lead(b);
    EXPECT_TRUE(eventually([&] { return at_work_ == 1; }));
    expect_depth(path_, 2);
    EXPECT_FALSE(one.done() || two.done());
    finished_ = true;
    one.get();
    two.get();
    EXPECT_EQ(terms_, 2);
    EXPECT_EQ(most_, 1);
    expect_depth(path_, 0);
}

TEST_P(leader_election_on, ALeaderWhoseSessionEndsStopsWorkAndCampaignsAgain)
{
    const auto a = open();
    const auto b = open();
    auto one = lead(a);
    EXPECT_TRUE(eventually([&] { return at_work_ == 1; }));
    auto two = lead(b);
    expect_depth(path_, 2);
    zk_->expire(a);
    EXPECT_TRUE(eventually([&] { return terms_ == 2; })) << "the other takes over";
    expect_depth(path_, 2);
    zk_->expire(b);
    EXPECT_TRUE(eventually([&] { return terms_ == 3; })) << "the first, in its next session, leads again";
    finished_ = true;
    one.get();
    two.get();
}

TEST_P(leader_election_on, CancellingTheLeadEndsTheWorkAndResigns)
{
    const auto a = open();
    auto one = lead(a);
    EXPECT_TRUE(eventually([&] { return at_work_ == 1; }));
    one.cancel();
    EXPECT_TRUE(cancelled(error_of([&] { one.get(); })));
    EXPECT_EQ(at_work_, 0);
    expect_depth(path_, 0);
}

TEST_P(leader_election_on, AnExceptionOfTheWorkIsTheCalls)
{
    const auto fail = [](lease&) -> boost::asio::awaitable<void> {
        throw std::runtime_error{"out of paper"};
        co_return;
    };
    auto one = run_.spawn(candidate(open(), "a").lead(fail));
    EXPECT_THROW(one.get(), std::runtime_error);
    expect_depth(path_, 0);
}

TEST_P(leader_election_on, AClosedSessionEndsTheLead)
{
    const auto a = open();
    auto one = lead(a);
    EXPECT_TRUE(eventually([&] { return at_work_ == 1; }));
    wait(a.close());
    EXPECT_TRUE(session_over(error_of([&] { one.get(); })));
    EXPECT_EQ(at_work_, 0);
}

TEST_P(leader_election_on, AShortDisconnectIsNothingOrTheEndOfTheTerm)
{
    auto* const network = dynamic_cast<memory_backend*>(zk_.get());
    if (network == nullptr)
        GTEST_SKIP() << "only the server in memory can cut one connection";
    const auto disconnect = [&](const session& s) { network->server.disconnect(s.id()); };
    const auto a = open();
    auto patient = lead(a, when_cut_off::go_on);
    EXPECT_TRUE(eventually([&] { return at_work_ == 1; }));
    const auto wait_for = [&](connection_state s) { return eventually([&] { return a.state() == s; }); };
    disconnect(a);
    EXPECT_TRUE(wait_for(connection_state::connected));
    EXPECT_EQ(terms_, 1);
    EXPECT_EQ(at_work_, 1);
    finished_ = true;
    patient.get();

    finished_ = false;
    auto strict = lead(a, when_cut_off::stop);
    EXPECT_TRUE(eventually([&] { return terms_ == 2; }));
    disconnect(a);
    EXPECT_TRUE(eventually([&] { return terms_ == 3; })) << "the term has ended, and another has begun";
    finished_ = true;
    strict.get();
    EXPECT_EQ(most_, 1);
}

TEST_P(leader_election_on, WhatTheOthersShallKnowIsLimited)
{
    EXPECT_EQ(error_of([&] { candidate(open(), std::string(201, 'x')); }), errc::bad_argument);
    EXPECT_EQ(error_of([&] { leader_election(open(), "nowhere"); }), errc::bad_path);
}

INSTANTIATE_TEST_SUITE_P(recipes, leader_election_on, ::testing::Values(backend_kind::memory, backend_kind::real), name_of);

}  // namespace
}  // namespace turnstile::test

// Getting a lock back: by asking its holder, and by force, with a record.
#include "recipe_room.hpp"

#include <turnstile/recipes/mutex.hpp>
#include <turnstile/recipes/revocation.hpp>
#include <turnstile/recipes/shared_mutex.hpp>
#include <turnstile/testing/faults.hpp>

namespace turnstile::test {
namespace {

using namespace std::chrono_literals;

class revocation_on : public recipe_on {
protected:
    contender holder(const session& s) { return wait(mutex{s, line_}.line()).at(0); }

    const std::string line_ = "/locks/order-42";
};

TEST_P(revocation_on, AHolderHearsWhoAsksAndWhy)
{
    const auto a = open();
    const auto b = open();
    auto held = wait(mutex{a, line_}.acquire(patience));
    auto asked = run_.spawn(release_requested(held));
    EXPECT_FALSE(asked.done(20ms));
    EXPECT_TRUE(wait(request_release(b, line_, holder(b), "stock-taking")));
    const auto request = asked.get();
    EXPECT_EQ(request.reason, "stock-taking");
    EXPECT_NE(request.by.find("pid " + std::to_string(::getpid())), std::string::npos) << request.by;
    EXPECT_TRUE(held.held()) << "it is the holder's decision";
}

TEST_P(revocation_on, ARequestThatCameBeforeAnybodyListenedIsHeard)
{
    const auto a = open();
    auto held = wait(mutex{a, line_}.acquire(patience));
    EXPECT_TRUE(wait(request_release(a, line_, holder(a), "early")));
    auto asked = run_.spawn(release_requested(held));
    EXPECT_EQ(asked.get().reason, "early");
    auto again = run_.spawn(release_requested(held));
    EXPECT_FALSE(again.done(20ms)) << "told once";
    EXPECT_TRUE(wait(request_release(a, line_, holder(a), "late")));
    EXPECT_EQ(again.get().reason, "late");
}

TEST_P(revocation_on, ListeningEndsWithTheLease)
{
    const auto a = open();
    auto held = wait(mutex{a, line_}.acquire(patience));
    auto asked = run_.spawn(release_requested(held));
    wait(held.release());
    EXPECT_TRUE(cancelled(error_of([&] { asked.get(); })));
}

TEST_P(revocation_on, WhoHasGoneCannotBeAskedOrForced)
{
    const auto a = open();
    auto held = wait(mutex{a, line_}.acquire(patience));
    const auto whom = holder(a);
    wait(held.release());
    EXPECT_FALSE(wait(request_release(a, line_, whom, "too late")));
    EXPECT_FALSE(wait(force_release(a, line_, whom, "too late")));
    EXPECT_TRUE(wait(forced_releases(a)).empty());
}

TEST_P(revocation_on, AskingKeepsWhatADowngradeHasWritten)
{
    const auto a = open();
    turnstile::shared_mutex m{a, line_};
    auto writing = wait(m.acquire(patience));
    wait(turnstile::shared_mutex::downgrade(writing));
    EXPECT_TRUE(wait(request_release(a, line_, wait(m.line()).at(0), "please")));
    EXPECT_TRUE(wait(m.try_acquire_shared())) << "it is a reader still";
}

TEST_P(revocation_on, ByForceTheNextIsServedAndARecordIsLeft)
{
    const auto a = open();
    const auto b = open();
    const auto console = open();
    auto held = wait(mutex{a, line_}.acquire(patience));
    auto next = run_.spawn(mutex{b, line_}.acquire(patience));
    expect_depth(line_, 2);
    const auto whom = holder(console);
    EXPECT_TRUE(wait(force_release(console, line_, whom, "it hangs since noon")));
    auto served = next.get();
    EXPECT_GT(served.token(), held.token());
    EXPECT_TRUE(eventually([&] { return held.state() == lease_state::lost; }));
    const auto records = wait(forced_releases(console));
    ASSERT_EQ(records.size(), 1U);
    EXPECT_EQ(records[0].line, line_);
    EXPECT_EQ(records[0].node, whom.node);
    EXPECT_EQ(records[0].reason, "it hangs since noon");
    EXPECT_NE(records[0].holder.find("pid"), std::string::npos);
    EXPECT_NE(records[0].by.find("pid"), std::string::npos);
    EXPECT_GT(records[0].at, std::chrono::system_clock::now() - 1h);
}

TEST_P(revocation_on, WhatCanNeverWorkIsRefusedBeforeAnythingIsSent)
{
    const auto s = open();
    contender whom;
    whom.node = "x.1-lock-0000000001";
    EXPECT_EQ(error_of([&] { wait(force_release(s, line_, whom, "")); }), errc::bad_argument);
    EXPECT_EQ(error_of([&] { wait(request_release(s, line_, whom, std::string(201, 'x'))); }), errc::bad_argument);
    whom.node = "a/b";
    EXPECT_EQ(error_of([&] { wait(force_release(s, line_, whom, "x")); }), errc::bad_argument);
    whom.node = "";
    EXPECT_EQ(error_of([&] { wait(force_release(s, line_, whom, "x")); }), errc::bad_argument);
    EXPECT_EQ(error_of([&] { wait(force_release(s, "nowhere", whom, "x")); }), errc::bad_path);
}

INSTANTIATE_TEST_SUITE_P(recipes, revocation_on, ::testing::Values(backend_kind::memory, backend_kind::real), name_of);

TEST(revocation_faultsim, ForcingIsRecordedExactlyWhenItHappened)
{
    const std::string line = "/locks/order-42";
    const auto r = testing::faultsim([&](testing::faults& f, testing::memory_server& server) {
        SCOPED_TRACE(f.describe());
        session_options untouched;
        untouched.transport = server.transport();
        const auto others = session::open(untouched);
        auto held = blocking::wait(mutex{others, line}.acquire(10s));
        const auto whom = blocking::wait(mutex{others, line}.line()).at(0);
        session_options o;
        o.transport = f.transport();
        o.retry_delay_min = 1ms;
        const auto console = session::open(o);
        bool done = false;
        bool told = true;
        try {
            done = blocking::wait(force_release(console, line, whom, "test", 10s));
        } catch (const error& e) {
            told = false;
            EXPECT_TRUE(session_over(e.code()) || in_doubt(e.code())) << e.what();
        }
        const auto records = blocking::wait(forced_releases(others)).size();
        const bool gone = server.children(line).empty();
        EXPECT_EQ(records == 1, gone);
        EXPECT_LE(records, 1U);
        if (told) {
            EXPECT_EQ(done, gone);
        }
    });
    EXPECT_GT(r.total(), 0U);
}

}  // namespace
}  // namespace turnstile::test

// The fair mutex and its lease, each body against the server in memory and against a real one: what lock_contract does not
// ask of every lock. Numbers in comments are those of the project's list of scenarios.
#include "recipe_room.hpp"

#include <turnstile/recipes/mutex.hpp>
#include <turnstile/result.hpp>
#include <turnstile/while_held.hpp>

#include <algorithm>
#include <atomic>
#include <future>
#include <thread>

namespace turnstile::test {
namespace {

using namespace std::chrono_literals;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class mutex_on : public recipe_on {
protected:
    void expect_depth(std::size_t n) { recipe_on::expect_depth(line_, n); }

    /// The name of the n-th in the line.
    std::string node(std::size_t n)
    {
        auto names = zk_->children(line_);
        std::sort(names.begin(), names.end(),
                  [](const auto& a, const auto& b) { return a.substr(a.size() - 10) < b.substr(b.size() - 10); });
        return line_ + "/" + names.at(n);
    }

    const std::string line_ = "/locks/order-42";
};

TEST_P(mutex_on, AMissingDirectoryIsMadeAtAnyDepth)
{
    const auto s = open();
    mutex m{s, "/a/b/c/d/e"};
    auto held = wait(m.acquire(patience));
    EXPECT_EQ(zk_->depth("/a/b/c/d/e"), 1U);
}

TEST_P(mutex_on, ManyThreadsOfOneObjectAreNeverTwoInsideAndAllAreServed)  // 21
{
    const auto s = open();
    const mutex shared{s, line_};
    std::atomic<int> inside{0};
    std::atomic<int> served{0};
    std::atomic<int> crowded{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 20; ++t)
        threads.emplace_back([&] {
            for (int i = 0; i < 5; ++i) {
                auto held = blocking::wait(mutex{shared}.acquire(60s));
                if (++inside != 1)
                    ++crowded;
                ++served;
                --inside;
                held.release_in_background();
            }
        });
    for (auto& t : threads)
        t.join();
    EXPECT_EQ(served, 100);
    EXPECT_EQ(crowded, 0);
    wait(s.swept(patience));
    EXPECT_THAT(zk_->children(line_), IsEmpty());
}

TEST_P(mutex_on, AfterALossTheSameObjectsAcquireAgain)  // 7
{
    const auto s = open();
    mutex m{s, line_};
    auto first = wait(m.acquire(patience));
    zk_->expire(s);
    EXPECT_TRUE(eventually([&] { return !first.held(); }));
    auto again = wait(m.acquire(patience));
    EXPECT_TRUE(again.held());
    EXPECT_FALSE(first.held());
    EXPECT_GT(again.token(), first.token());
    EXPECT_GT(again.epoch(), first.epoch());
}

TEST_P(mutex_on, AcquireInsideACallbackWorksAndASlowCallbackDelaysNoOtherGrant)  // 9
{
    const auto a = open();
    const auto b = open();
    auto first = wait(mutex{a, line_}.acquire(patience));
    std::promise<void> entered;
    std::promise<void> leave;
    const std::stop_callback slow{first.stop_token(), [&] {
                                      entered.set_value();
                                      leave.get_future().wait();
                                  }};
    zk_->expire(a);
    entered.get_future().wait();
    // While a callback hangs: grants, losses of others, and waiting inside of user code go on.
    auto second = run_.spawn([](session s, std::string line) -> boost::asio::awaitable<bool> {
        auto held = co_await mutex{s, line}.acquire(patience);
        auto nested = co_await mutex{s, line + "-nested"}.acquire(patience);
        co_return held.held() && nested.held();
    }(b, line_));
    EXPECT_TRUE(second.get());
    leave.set_value();
}

TEST_P(mutex_on, CancellingAtAnyMomentHasOneOutcomeAndLeavesNothing)  // 13, 14
{
    const auto a = open();
    const auto b = open();
    int granted = 0;
    int refused = 0;
    for (int i = 0; i < 60; ++i) {
        auto first = wait(mutex{a, line_}.acquire(patience));
        auto second = run_.spawn(mutex{b, line_}.acquire(patience));
        if (i % 3 == 0)
            expect_depth(2);
        if (i % 2 == 0)
            first.release_in_background();
        for (int turns = 0; turns < i; ++turns)
            std::this_thread::yield();
        second.cancel();
        const auto ec = error_of([&] {
            auto held = second.get();
            EXPECT_TRUE(held.held());
            ++granted;
        });
        if (ec) {
            EXPECT_TRUE(cancelled(ec)) << ec.message();
            ++refused;
        }
        first.release_in_background();
        wait(a.swept(patience));
        wait(b.swept(patience));
        ASSERT_THAT(zk_->children(line_), IsEmpty()) << "round " << i;
    }
    EXPECT_EQ(granted + refused, 60);
}

TEST_P(mutex_on, ADeadlineIsKeptWhileTheServerIsFrozen)  // 10
{
    const auto a = open();
    const auto b = open();
    auto first = wait(mutex{a, line_}.acquire(patience));
    wait(b.connected(patience));
    zk_->pause();
    const auto start = std::chrono::steady_clock::now();
    EXPECT_EQ(error_of([&] { wait(mutex{b, line_}.acquire(300ms)); }), errc::timed_out);
    const auto took = std::chrono::steady_clock::now() - start;
    zk_->resume();
    EXPECT_GE(took, 299ms);
    EXPECT_LT(took, 1s);
    wait(b.swept(patience));
    EXPECT_LE(zk_->depth(line_), 1U) << "its node was swept when the server woke up";
}

TEST_P(mutex_on, ADeadlineIsKeptWhileThePredecessorsDataChange)  // 10
{
    const auto a = open();
    const auto b = open();
    auto first = wait(mutex{a, line_}.acquire(patience));
    const auto path = node(0);
    std::atomic<bool> stop{false};
    std::thread changes{[&] {
        for (int i = 0; !stop; ++i)
            zk_->set(path, std::to_string(i));
    }};
    const auto start = std::chrono::steady_clock::now();
    EXPECT_FALSE(wait(mutex{b, line_}.try_acquire_for(300ms)));
    const auto took = std::chrono::steady_clock::now() - start;
    stop = true;
    changes.join();
    EXPECT_LT(took, 1s);
    EXPECT_TRUE(first.held());
}

TEST_P(mutex_on, ContendersOfOtherLibrariesAreWaitedFor)
{
    zk_->create(line_ + "/_c_1f5e6bca-6f6f-4f8b-bb5e-c8a1b0b8c8c8-lock-", create_mode::persistent_sequential);
    zk_->create(line_ + "/8f14e45fceea167a5a36dedd4bea2543__lock__", create_mode::persistent_sequential);
    const auto s = open();
    EXPECT_FALSE(wait(mutex{s, line_}.try_acquire()));
    auto waiting = run_.spawn(mutex{s, line_}.acquire(patience));
    expect_depth(3);
    zk_->erase(node(0));
    EXPECT_FALSE(waiting.done(50ms));
    zk_->erase(node(0));
    EXPECT_TRUE(waiting.get().held());
}

TEST_P(mutex_on, TheTokenGrowsAlthoughTheDirectoryWasMadeAnew)  // 19
{
    const auto s = open();
    mutex m{s, line_};
    auto first = wait(m.acquire(patience));
    const auto before = first.token();
    wait(first.release());
    zk_->erase(line_);
    const auto again = wait(m.acquire(patience));
    EXPECT_GT(again.token(), before);
    EXPECT_THAT(again.path(), ::testing::EndsWith("0000000000"));
}

TEST_P(mutex_on, TheFenceBaseIsAddedToEveryToken)
{
    auto o = zk_->options();
    o.fence_base = std::int64_t{1} << 40;
    const auto s = session::open(o);
    EXPECT_GT(wait(mutex{s, line_}.acquire(patience)).token(), o.fence_base);
}

TEST_P(mutex_on, AReleaseDeletesItsOwnNodeOnly)  // 20
{
    const auto s = open();
    mutex m{s, line_};
    auto first = wait(m.acquire(patience));
    wait(first.release());
    auto second = wait(m.acquire(patience));
    EXPECT_EQ(error_of([&] { wait(first.release()); }), errc::not_held);
    first.release_in_background();
    wait(s.swept(patience));
    EXPECT_TRUE(second.held());
    EXPECT_EQ(zk_->depth(line_), 1U);
}

TEST_P(mutex_on, TheLineShowsWhoHoldsAndWhoWaits)
{
    auto o = zk_->options();
    o.label = "payments";
    const auto a = session::open(o);
    const auto b = open();
    acquire_options how{patience};
    how.purpose = "capture of order 42";
    mutex m{a, line_};
    EXPECT_THAT(wait(m.line()), IsEmpty());
    const auto before = std::chrono::system_clock::now();
    auto first = wait(m.acquire(how));
    auto second = run_.spawn(mutex{b, line_}.acquire(patience));
    expect_depth(2);
    const auto seen = wait(m.line());
    ASSERT_THAT(seen, SizeIs(2));
    EXPECT_EQ(seen[0].label, "payments");
    EXPECT_EQ(seen[0].purpose, "capture of order 42");
    EXPECT_EQ(seen[0].pid, ::getpid());
    EXPECT_EQ(seen[0].session, a.id());
    EXPECT_FALSE(seen[0].host.empty());
    EXPECT_LT(seen[0].sequence, seen[1].sequence);
    EXPECT_GT(seen[0].since, before - 60s);
    EXPECT_LT(seen[0].since, before + 60s);
    wait(first.release());
    second.get();
}

TEST_P(mutex_on, BadInputIsRefusedBeforeAnythingIsSent)
{
    const auto s = open();
    for (const char* path : {"", "locks", "/locks/", "/locks//a", "/locks/../a", "/", "/locks/\n"})
        EXPECT_EQ(error_of([&] { mutex{s, path}; }), errc::bad_path) << path;
    acquire_options how{patience};
    how.purpose = std::string(201, 'x');
    EXPECT_EQ(error_of([&] { wait(mutex{s, line_}.acquire(how)); }), errc::bad_argument);
    EXPECT_THAT(zk_->children(line_), IsEmpty());
}

TEST_P(mutex_on, ALeaseStaysGoodForMuchLongerThanItsSessionTimeout)
{
    const auto s = open();
    auto held = wait(mutex{s, line_}.acquire(patience));
    const auto first = held.held_until();
    EXPECT_TRUE(eventually([&] { return held.held_until() > first + s.timeout(); }, 3 * s.timeout()));
    EXPECT_TRUE(held.held());
}

TEST_P(mutex_on, AWaiterServedAfterALongWaitGetsAGoodLease)
{
    const auto a = open();
    const auto b = open();
    auto first = wait(mutex{a, line_}.acquire(patience));
    const auto first_until = first.held_until();
    auto second = run_.spawn(mutex{b, line_}.acquire(60s));
    expect_depth(2);
    // Longer than what the enqueueing itself has proven.
    ASSERT_TRUE(eventually([&] { return boot_clock::now() > first_until; }, 2 * a.timeout()));
    wait(first.release());
    EXPECT_TRUE(second.get().held());
}

TEST_P(mutex_on, AsResultGivesErrorsAsValues)
{
    const auto s = open();
    auto held = wait(as_result(mutex{s, line_}.acquire(patience)));
    ASSERT_TRUE(held.has_value());
    EXPECT_TRUE(held->held());
    const auto other = open();
    wait(other.connected(patience));
    const auto late = wait(as_result(mutex{other, line_}.acquire(30ms)));
    EXPECT_EQ(late.error(), errc::timed_out);
    EXPECT_FALSE(wait(as_result(held->release())).has_error());
    EXPECT_EQ(wait(as_result(held->release())).error(), errc::not_held);
}

TEST_P(mutex_on, WorkIsCancelledWhenItsLeaseIsLost)
{
    const auto s = open();
    auto held = wait(mutex{s, line_}.acquire(patience));
    auto work = run_.spawn([](session other, lease& l) -> boost::asio::awaitable<int> {
        auto never = mutex{other, "/locks/other"}.acquire(60s);
        co_return co_await while_held(l, [](boost::asio::awaitable<lease> a) -> boost::asio::awaitable<int> {
            const auto inner = co_await std::move(a);
            co_return 7;
        }(std::move(never)));
    }(open(), held));
    EXPECT_EQ(work.get(), 7) << "work that ends by itself gives its value";

    auto blocker = wait(mutex{open(), "/locks/other"}.acquire(patience));
    auto stuck = run_.spawn(while_held(held, mutex{open(), "/locks/other"}.acquire(60s)));
    EXPECT_TRUE(eventually([&] { return zk_->depth("/locks/other") == 2; }));
    zk_->expire(s);
    EXPECT_EQ(error_of([&] { stuck.get(); }), errc::lost);
    EXPECT_TRUE(eventually([&] { return zk_->depth("/locks/other") == 1; })) << "the cancelled work has left its line";
}

TEST_P(mutex_on, AGuardedTransactionHappensOnlyWhileTheLeaseIsThere)
{
    const auto s = open();
    const auto other = open();
    wait(other.create("/ledger", "0"));
    auto held = wait(mutex{s, line_}.acquire(patience));
    auto t = held.guard();
    t.set("/ledger", "1");
    wait(other.commit(std::move(t)));
    EXPECT_EQ(wait(other.get("/ledger")).data, "1");
    auto late = held.guard();
    late.set("/ledger", "2");
    wait(held.release());
    EXPECT_TRUE(precondition_failed(error_of([&] { wait(other.commit(std::move(late))); })));
    EXPECT_EQ(wait(other.get("/ledger")).data, "1");
}

INSTANTIATE_TEST_SUITE_P(servers, mutex_on, ::testing::Values(backend_kind::memory, backend_kind::real), name_of);

}  // namespace
}  // namespace turnstile::test

// Several locks at once: all or nothing, one deadline, no deadlock in whatever order they are named. Scenario 30.
#include "recipe_room.hpp"

#include <turnstile/recipes/multi_lock.hpp>

#include <algorithm>
#include <map>
#include <random>
#include <thread>

namespace turnstile::test {
namespace {

using namespace std::chrono_literals;

class multi_lock_on : public recipe_on {
protected:
    const std::string from_ = "/locks/account/7";
    const std::string to_ = "/locks/account/9";
    const std::vector<std::string> both_{from_, to_};
};

TEST_P(multi_lock_on, HoldsAllOfThemWithOneToken)
{
    const auto s = open();
    auto held = wait(multi_lock{s, both_}.acquire(patience));
    EXPECT_EQ(held.paths().size(), 2U);
    EXPECT_FALSE(wait(mutex{s, from_}.try_acquire()));
    EXPECT_FALSE(wait(mutex{s, to_}.try_acquire()));
    const auto token = held.token();
    wait(held.release());
    expect_depth(from_, 0);
    expect_depth(to_, 0);
    EXPECT_GT(wait(mutex{s, from_}.acquire(patience)).token(), token);
    EXPECT_GT(wait(mutex{s, to_}.acquire(patience)).token(), token);
}

TEST_P(multi_lock_on, WaitsForEachOfThemInOneLineWithMutexes)
{
    const auto s = open();
    auto one = wait(mutex{s, from_}.acquire(patience));
    auto two = wait(mutex{s, to_}.acquire(patience));
    auto waiting = run_.spawn(multi_lock{open(), both_}.acquire(patience));
    expect_depth(to_, 2);
    auto behind = run_.spawn(mutex{s, to_}.acquire(patience));
    expect_depth(to_, 3);
    wait(two.release());
    EXPECT_FALSE(waiting.done(20ms));
    EXPECT_FALSE(behind.done()) << "the multi-lock stands ahead";
    wait(one.release());
    auto held = waiting.get();
    EXPECT_GT(held.token(), std::max(one.token(), two.token()));
    wait(held.release());
    EXPECT_TRUE(behind.get().held());
}

TEST_P(multi_lock_on, OneDeadlineOverAllAndNothingIsLeft)
{
    const auto s = open();
    const auto held = wait(mutex{s, to_}.acquire(patience));
    EXPECT_FALSE(wait(multi_lock{s, both_}.try_acquire_for(60ms)));
    EXPECT_FALSE(wait(multi_lock{s, both_}.try_acquire()));
    wait(s.swept(patience));
    expect_depth(from_, 0);
    expect_depth(to_, 1);
}

TEST_P(multi_lock_on, IsLostAsAWholeWithTheFirstOfItsNodes)
{
    const auto s = open();
    auto held = wait(multi_lock{s, both_}.acquire(patience));
    zk_->erase(held.paths().back());
    EXPECT_TRUE(eventually([&] { return held.state() == lease_state::lost; }));
    auto next = run_.spawn(mutex{s, from_}.acquire(patience));
    held.release_in_background();
    EXPECT_TRUE(next.get().held()) << "the other node is given back as well";
}

TEST_P(multi_lock_on, GuardsATransactionWithAllOfThem)
{
    const auto s = open();
    wait(s.create("/balance", "100"));
    auto held = wait(multi_lock{s, both_}.acquire(patience));
    auto transfer = held.guard();
    EXPECT_EQ(transfer.size(), 2U);
    wait(s.commit(std::move(transfer.set("/balance", "80"))));
    auto late = held.guard();
    zk_->erase(held.paths().front());
    EXPECT_EQ(error_of([&] { wait(s.commit(std::move(late.set("/balance", "60")))); }), errc::no_node);
    EXPECT_EQ(wait(s.get("/balance")).data, "80");
}

TEST_P(multi_lock_on, AcquireAllTakesMutexes)
{
    const auto s = open();
    const std::vector<mutex> locks{{s, from_}, {s, to_}};
    EXPECT_EQ(wait(acquire_all(locks, patience)).paths().size(), 2U);
    const std::vector<mutex> mixed{{s, from_}, {open(), to_}};
    EXPECT_EQ(error_of([&] { wait(acquire_all(mixed, patience)); }), errc::bad_argument);
    EXPECT_EQ(error_of([&] { wait(acquire_all({}, patience)); }), errc::bad_argument);
}

TEST_P(multi_lock_on, WhatCanNeverWorkIsRefusedBeforeAnythingIsSent)
{
    const auto s = open();
    EXPECT_EQ(error_of([&] { multi_lock(s, {}); }), errc::bad_argument);
    EXPECT_EQ(error_of([&] { multi_lock(s, {from_, to_, from_}); }), errc::bad_argument);
    EXPECT_EQ(error_of([&] { multi_lock(s, {from_, "no/slash"}); }), errc::bad_path);
    EXPECT_EQ(error_of([&] { multi_lock(s, std::vector<std::string>(multi_lock::locks_max + 1, "/a")); }),
              errc::bad_argument);
}

TEST_P(multi_lock_on, ASemaphoresMaximumIsNotTouched)
{
    // The zxid is asked for through a node of our own, and not by writing the directory.
    const auto s = open();
    wait(s.create_containers("/locks/account"));
    wait(s.create(from_, "somebody's"));
    const auto held = wait(multi_lock{s, both_}.acquire(patience));
    EXPECT_EQ(wait(s.get(from_)).data, "somebody's");
    expect_depth(from_, 1);
}

TEST_P(multi_lock_on, RandomOrdersUnderLoadNeverDeadlock)
{
    const std::vector<std::string> keys{"/k/a", "/k/b", "/k/c", "/k/d", "/k/e"};
    std::vector<session> sessions{open(), open(), open(), open()};
    std::map<std::string, std::atomic<int>> inside;
    for (const auto& k : keys)
        inside[k] = 0;
    std::atomic<int> overlaps = 0;
    std::atomic<int> sections = 0;
    const auto work = [&](unsigned number) {
        std::mt19937 random{number};
        for (int i = 0; i < 15; ++i) {
            auto mine = keys;
            std::shuffle(mine.begin(), mine.end(), random);
            mine.resize(1 + random() % 4);
            auto held = wait(multi_lock{sessions[number % 4], mine}.acquire(patience));
            for (const auto& k : mine)
                overlaps += inside.at(k)++ == 0 ? 0 : 1;
            for (const auto& k : mine)
                --inside.at(k);
            ++sections;
            held.release_in_background();
        }
    };
    std::vector<std::thread> all;
    for (unsigned n = 0; n < 8; ++n)
        all.emplace_back(work, n);
    for (auto& t : all)
        t.join();
    EXPECT_EQ(sections, 8 * 15);
    EXPECT_EQ(overlaps, 0);
    for (const auto& k : keys)
        expect_depth(k, 0);
}

INSTANTIATE_TEST_SUITE_P(recipes, multi_lock_on, ::testing::Values(backend_kind::memory, backend_kind::real), name_of);

}  // namespace
}  // namespace turnstile::test

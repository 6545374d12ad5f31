// Readers beside each other, writers alone, nobody overtakes. Scenario 28.
#include "recipe_room.hpp"

#include <turnstile/recipes/mutex.hpp>
#include <turnstile/recipes/shared_lockable.hpp>
#include <turnstile/recipes/shared_mutex.hpp>

#include <mutex>
#include <shared_mutex>
#include <thread>

namespace turnstile::test {
namespace {

using namespace std::chrono_literals;

class shared_mutex_on : public recipe_on {
protected:
    running<lease> reader(const session& s)
    {
        const auto depth = zk_->depth(line_);
        auto r = run_.spawn(turnstile::shared_mutex{s, line_}.acquire_shared(patience));
        expect_depth(line_, depth + 1);
        return r;
    }
    running<lease> writer(const session& s)
    {
        const auto depth = zk_->depth(line_);
        auto w = run_.spawn(turnstile::shared_mutex{s, line_}.acquire(patience));
        expect_depth(line_, depth + 1);
        return w;
    }

    const std::string line_ = "/locks/price-list";
};

TEST_P(shared_mutex_on, ReadersReadBesideEachOther)
{
    const auto a = open();
    const auto b = open();
    turnstile::shared_mutex m{a, line_};
    const auto one = wait(m.acquire_shared(patience));
    const auto two = wait(turnstile::shared_mutex{b, line_}.acquire_shared(patience));
    const auto three = wait(m.try_acquire_shared());
    EXPECT_TRUE(one.held() && two.held() && three && three->held());
    EXPECT_FALSE(wait(m.try_acquire()));
}

TEST_P(shared_mutex_on, AWriterWaitsForAllReadersInWhateverOrderTheyLeave)
{
    const auto a = open();
    std::vector<lease> readers;
    for (int i = 0; i < 7; ++i)
        readers.push_back(wait(turnstile::shared_mutex{a, line_}.acquire_shared(patience)));
    auto writing = writer(open());
    for (const auto i : {3U, 6U, 0U, 5U, 1U, 2U}) {
        wait(readers[i].release());
        EXPECT_FALSE(writing.done(5ms));
    }
    wait(readers[4].release());
    EXPECT_TRUE(writing.get().held());
}

TEST_P(shared_mutex_on, ReadersBehindAWriterComeInTogetherAndALaterWriterKeepsItsPlace)
{
    const auto s = open();
    const auto t = open();
    auto first = writer(s).get();
    auto reading = reader(s);
    auto also_reading = reader(t);
    auto second = writer(t);
    auto late = reader(s);
    EXPECT_FALSE(reading.done(20ms));
    wait(first.release());
    auto one = reading.get();
    auto two = also_reading.get();
    EXPECT_TRUE(one.held() && two.held());
    EXPECT_FALSE(second.done(20ms));
    EXPECT_FALSE(late.done()) << "a reader does not overtake a writer that waits";
    wait(one.release());
    EXPECT_FALSE(second.done(20ms));
    wait(two.release());
    auto writing = second.get();
    EXPECT_GT(writing.token(), first.token());
    EXPECT_FALSE(late.done(20ms));
    wait(writing.release());
    EXPECT_TRUE(late.get().held());
}

TEST_P(shared_mutex_on, AReaderIsNotWokenByALaterWriter)
{
    const auto s = open();
    auto first = writer(s).get();
    auto reading = reader(s);
    auto second = writer(s);
    auto third = writer(s);
    third.cancel();
    EXPECT_TRUE(cancelled(error_of([&] { third.get(); })));
    second.cancel();
    EXPECT_TRUE(cancelled(error_of([&] { second.get(); })));
    EXPECT_FALSE(reading.done(20ms));
    wait(first.release());
    EXPECT_TRUE(reading.get().held());
}

TEST_P(shared_mutex_on, ADowngradedWriterLetsReadersInAndNoWriter)
{
    const auto s = open();
    const auto t = open();
    auto writing = writer(s).get();
    auto reading = reader(t);
    auto second = writer(t);
    const auto token = writing.token();
    wait(turnstile::shared_mutex::downgrade(writing, patience));
    EXPECT_TRUE(reading.get().held());
    EXPECT_TRUE(writing.held());
    EXPECT_EQ(writing.token(), token);
    EXPECT_FALSE(second.done(30ms)) << "contended: the writer behind waits for both readers";
    wait(writing.release());
    EXPECT_TRUE(eventually([&] { return second.done(); }));
}

TEST_P(shared_mutex_on, WhoComesAfterADowngradeReadsAtOnce)
{
    const auto s = open();
    auto writing = writer(s).get();
    wait(turnstile::shared_mutex::downgrade(writing));
    wait(turnstile::shared_mutex::downgrade(writing));  // again: no effect
    const auto reading = wait(turnstile::shared_mutex{open(), line_}.acquire_shared(patience));
    EXPECT_TRUE(reading.held());
    const auto tried = wait(turnstile::shared_mutex{open(), line_}.try_acquire_shared());
    EXPECT_TRUE(tried);
    EXPECT_FALSE(wait(turnstile::shared_mutex{open(), line_}.try_acquire()));
    const auto view = wait(turnstile::shared_mutex{s, line_}.line());
    ASSERT_EQ(view.size(), 3U);
    EXPECT_EQ(view[0].access, access::shared);
    EXPECT_EQ(view[2].access, access::shared);
}

TEST_P(shared_mutex_on, DowngradingWhatIsLostSaysSo)
{
    const auto s = open();
    auto writing = writer(s).get();
    zk_->expire(s);
    EXPECT_TRUE(eventually([&] { return writing.state() == lease_state::lost; }));
    EXPECT_EQ(error_of([&] { wait(turnstile::shared_mutex::downgrade(writing)); }), errc::lost);
    EXPECT_EQ(error_of([&] { wait(turnstile::shared_mutex::downgrade(lease{})); }), errc::not_held);
}

TEST_P(shared_mutex_on, AnUpgradeByTheOwnerFailsAtOnce)
{
    const auto s = open();
    acquire_options how{patience};
    how.owner = owner_id::unique();
    const auto reading = wait(turnstile::shared_mutex{s, line_}.acquire_shared(how));
    EXPECT_EQ(error_of([&] { wait(turnstile::shared_mutex{s, line_}.acquire(how)); }), errc::would_deadlock);
    EXPECT_EQ(zk_->depth(line_), 1U);
}

TEST_P(shared_mutex_on, ATryToReadIsRefusedBehindAWaitingWriter)
{
    const auto s = open();
    const auto reading = reader(s).get();
    auto writing = writer(s);
    EXPECT_FALSE(wait(turnstile::shared_mutex{s, line_}.try_acquire_shared()));
    EXPECT_FALSE(wait(turnstile::shared_mutex{s, line_}.try_acquire_shared_for(40ms)));
    wait(s.swept(patience));
    expect_depth(line_, 2);
}

TEST_P(shared_mutex_on, AReaderWhoseSessionEndsMakesRoomForTheWriter)
{
    const auto a = open();
    const auto reading = reader(a).get();
    auto writing = writer(open());
    zk_->expire(a);
    EXPECT_TRUE(writing.get().held());
    EXPECT_TRUE(eventually([&] { return reading.state() == lease_state::lost; }));
}

TEST_P(shared_mutex_on, TheStandardLibrarysLocksWork)
{
    const auto s = open();
    blocking::shared_lockable prices{turnstile::shared_mutex{s, line_}};
    {
        std::shared_lock reading{prices};
        EXPECT_TRUE(prices.held().held());
        EXPECT_EQ(error_of([&] { prices.lock(); }), errc::would_deadlock);
        std::thread other{[&] {
            const std::shared_lock also{prices};
            EXPECT_EQ(zk_->depth(line_), 2U);
        }};
        other.join();
    }
    {
        std::unique_lock writing{prices, 5s};
        ASSERT_TRUE(writing.owns_lock());
        std::thread other{[&] { EXPECT_FALSE(std::shared_lock(prices, 20ms).owns_lock()); }};
        other.join();
        prices.downgrade();
        std::thread third{[&] { EXPECT_TRUE(std::shared_lock(prices, 5s).owns_lock()); }};
        third.join();
    }
    wait(s.swept(patience));
    expect_depth(line_, 0);
}

TEST_P(shared_mutex_on, ReadersAndWritersInACrowdNeverMix)
{
    constexpr int threads = 6;
    std::vector<session> sessions{open(), open(), open()};
    std::atomic<int> readers = 0;
    std::atomic<int> writers = 0;
    std::atomic<int> mixed = 0;
    const auto work = [&](int number) {
        blocking::shared_lockable m{turnstile::shared_mutex{sessions[static_cast<std::size_t>(number) % 3], line_}};
        for (int i = 0; i < 12; ++i) {
            if ((number + i) % 3 == 0) {
                const std::unique_lock writing{m};
                mixed += ++writers != 1 || readers != 0 ? 1 : 0;
                --writers;
            } else {
                const std::shared_lock reading{m};
                ++readers;
                mixed += writers != 0 ? 1 : 0;
                --readers;
            }
        }
    };
    std::vector<std::thread> all;
    for (int n = 0; n < threads; ++n)
        all.emplace_back(work, n);
    for (auto& t : all)
        t.join();
    EXPECT_EQ(mixed, 0);
}

INSTANTIATE_TEST_SUITE_P(recipes, shared_mutex_on, ::testing::Values(backend_kind::memory, backend_kind::real), name_of);

}  // namespace
}  // namespace turnstile::test

#include "support/backend.hpp"
#include "support/eventually.hpp"

#include <turnstile/recipes/lockable.hpp>
#include <turnstile/recipes/mutex.hpp>

#include <gtest/gtest.h>

#include <future>
#include <mutex>
#include <thread>

namespace turnstile::test {
namespace {

using namespace std::chrono_literals;

class lockable_on : public ::testing::TestWithParam<backend_kind> {
protected:
    std::unique_ptr<backend> zk_ = make_backend(GetParam());
    blocking::session session_{zk_->options()};
    blocking::lockable<mutex> guarded_{mutex{session_, "/locks/a"}};

    template <class F>
    static auto elsewhere(F f)
    {
        return std::async(std::launch::async, f).get();
    }
};

TEST_P(lockable_on, UniqueLockLocksAndUnlocks)
{
    {
        const std::unique_lock turn{guarded_};
        EXPECT_TRUE(guarded_.held().held());
        EXPECT_FALSE(elsewhere([&] { return guarded_.try_lock(); }));
    }
    EXPECT_TRUE(elsewhere([&] {
        const bool got = guarded_.try_lock_for(5s);
        if (got)
            guarded_.unlock();
        return got;
    }));
}

TEST_P(lockable_on, TryLockForGivesUpInTime)
{
    const std::lock_guard turn{guarded_};
    const auto start = std::chrono::steady_clock::now();
    EXPECT_FALSE(elsewhere([&] { return std::unique_lock{guarded_, 100ms}.owns_lock(); }));
    EXPECT_FALSE(elsewhere([&] { return guarded_.try_lock_until(std::chrono::steady_clock::now() + 50ms); }));
    EXPECT_LT(std::chrono::steady_clock::now() - start, 2s);
}

TEST_P(lockable_on, LockingTwiceFromOneThreadIsRefusedNotAHang)
{
    const std::lock_guard turn{guarded_};
    try {
        guarded_.lock();
        FAIL() << "locked twice";
    } catch (const error& e) {
        EXPECT_EQ(e.code(), errc::would_deadlock);
    }
}

TEST_P(lockable_on, AThreadThatHasLostTheLockDoesNotUnlockItForTheNext)
{
    guarded_.lock();
    const auto old_token = guarded_.held().token();
    zk_->expire(session_);
    ASSERT_TRUE(eventually([&] { return !guarded_.held().held(); }));
    std::promise<void> locked;
    std::promise<void> go_on;
    auto second = std::async(std::launch::async, [&] {
        const std::lock_guard turn{guarded_};
        const auto token = guarded_.held().token();
        locked.set_value();
        go_on.get_future().wait();
        guarded_.held().check();
        return token;
    });
    locked.get_future().wait();
    EXPECT_EQ(guarded_.held().token(), old_token) << "each thread sees its own holding";
    guarded_.unlock();
    go_on.set_value();
    EXPECT_GT(second.get(), old_token);
}

INSTANTIATE_TEST_SUITE_P(servers, lockable_on, ::testing::Values(backend_kind::memory, backend_kind::real), name_of);

}  // namespace
}  // namespace turnstile::test

// Work that is done while a lease is held, and no longer.
#include "lease_room.hpp"

#include <turnstile/while_held.hpp>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <atomic>
#include <memory>
#include <stdexcept>

namespace turnstile::test {

namespace {

boost::asio::awaitable<int> never_ending(std::shared_ptr<std::atomic<bool>> cancelled_ = nullptr)
{
    boost::asio::steady_timer timer{co_await boost::asio::this_coro::executor};
    timer.expires_after(1h);
    try {
        co_await timer.async_wait(boost::asio::use_awaitable);
    } catch (const boost::system::system_error&) {
        if (cancelled_)
            *cancelled_ = true;
        throw;
    }
    co_return 0;
}

boost::asio::awaitable<int> ready(int value) { co_return value; }

boost::asio::awaitable<void> failing()
{
    throw std::runtime_error{"work failed"};
    co_return;
}

boost::asio::awaitable<void> nothing() { co_return; }

}  // namespace

TEST_P(leases, WorkWhileHeldDecidesTheOutcome)
{
    auto l = granted(s_);
    for (int i = 0; i < 100; ++i)
        EXPECT_EQ(wait(while_held(l, ready(i))), i);
    EXPECT_FALSE(failure_of(while_held(l, nothing())));
    EXPECT_THROW(wait(while_held(l, failing())), std::runtime_error);
    EXPECT_TRUE(l.held());
    lease none;
    EXPECT_EQ(failure_of(while_held(none, ready(1))), errc::not_held);
}

TEST_P(leases, WorkIsCancelledWhenTheLeaseIsLost)
{
    auto l = granted(s_);
    const auto unwound = std::make_shared<std::atomic<bool>>(false);
    async_runner other;
    auto work = other.spawn(while_held(l, never_ending(unwound)));
    EXPECT_FALSE(work.done(20ms));
    server_->expire(s_);
    EXPECT_EQ(failure_of(work), errc::lost);
    EXPECT_TRUE(*unwound);
}

TEST_P(leases, CancellingTheCallCancelsTheWork)
{
    auto l = granted(s_);
    const auto unwound = std::make_shared<std::atomic<bool>>(false);
    async_runner other;
    auto work = other.spawn(while_held(l, never_ending(unwound)));
    EXPECT_FALSE(work.done(20ms));
    work.cancel();
    EXPECT_TRUE(cancelled(failure_of(work)));
    EXPECT_TRUE(*unwound);
    EXPECT_TRUE(l.held());
}

}  // namespace turnstile::test

#include "lock_contract.hpp"

namespace turnstile::test {
namespace {

TYPED_TEST_SUITE_P(lock_contract);
TYPED_TEST_SUITE_P(exclusive_lock_contract);
TYPED_TEST_SUITE_P(lock_options_contract);

TYPED_TEST_P(lock_contract, AFreeLockIsGrantedAndReleasedLeavesNothing)
{
    const auto s = this->open();
    auto held = this->acquire(s);
    EXPECT_TRUE(held.held());
    EXPECT_GT(held.token(), 0);
    EXPECT_NO_THROW(held.check());
    this->expect_depth(1);
    this->wait(held.release());
    EXPECT_FALSE(held.held());
    this->expect_depth(0);
}

TYPED_TEST_P(lock_contract, DroppingTheLeaseReleases)
{
    const auto s = this->open();
    static_cast<void>(this->acquire(s));
    this->wait(s.swept(this->patience));
    this->expect_depth(0);
}

TYPED_TEST_P(lock_contract, WhoComesSecondIsServedWhenTheFirstReleases)
{
    const auto a = this->open();
    const auto b = this->open();
    auto first = this->hold(a);
    auto second = this->wait_in_line(b);
    this->expect_depth(2);
    EXPECT_FALSE(second.done(50ms));
    const auto token = first.token();
    this->wait(first.release());
    const auto held = second.get();
    EXPECT_TRUE(held.held());
    EXPECT_GT(held.token(), token);
}

TYPED_TEST_P(exclusive_lock_contract, WaitersAreServedInTheOrderOfTheirPlaces)  // 22: also those of the holder's session
{
    std::vector<session> sessions{this->open(), this->open(), this->open()};
    auto first = this->hold(sessions[0]);
    std::vector<running<lease>> waiting;
    constexpr std::size_t crowd = 9;
    for (std::size_t i = 0; i < crowd; ++i) {
        waiting.push_back(this->wait_in_line(sessions[i % sessions.size()]));
        this->expect_depth(i + 2);
    }
    EXPECT_FALSE(waiting[0].done(30ms));
    auto token = first.token();
    this->wait(first.release());
    for (std::size_t i = 0; i < crowd; ++i) {
        auto held = waiting[i].get();
        EXPECT_GT(held.token(), token);
        token = held.token();
        for (std::size_t later = i + 1; later < crowd; ++later)
            EXPECT_FALSE(waiting[later].done()) << "overtaken";
        this->wait(held.release());
    }
    this->expect_depth(0);
}

TYPED_TEST_P(lock_contract, ATryOfAFreeLockIsGranted)
{
    const auto s = this->open();
    auto held = this->wait(TestFixture::Kind::try_acquire(s, this->patience));
    ASSERT_TRUE(held);
    EXPECT_TRUE(held->held());
    this->expect_depth(1);
}

TYPED_TEST_P(lock_contract, ATryOfAHeldLockIsRefusedAndLeavesNothing)  // 11, 12
{
    const auto a = this->open();
    const auto b = this->open();
    const auto held = this->hold(a);
    EXPECT_FALSE(this->wait(TestFixture::Kind::try_acquire(b, this->patience)));
    EXPECT_FALSE(this->wait(TestFixture::Kind::try_acquire_until(b, 0s)));
    EXPECT_FALSE(this->wait(TestFixture::Kind::try_acquire_until(b, -5s)));
    this->wait(b.swept(this->patience));
    this->expect_depth(1);
}

TYPED_TEST_P(lock_contract, ATimeOutIsAnAnswerAndLeavesNothing)  // 12
{
    const auto a = this->open();
    const auto b = this->open();
    const auto held = this->hold(a);
    EXPECT_FALSE(this->wait(TestFixture::Kind::try_acquire_until(b, 60ms)));
    EXPECT_EQ(error_of([&] { this->wait(TestFixture::Kind::acquire(b, 60ms)); }), errc::timed_out);
    this->wait(b.swept(this->patience));
    this->expect_depth(1);
}

TYPED_TEST_P(lock_contract, ARefusedOrTimedOutTryLeavesNoWatch)  // 12
{
    // The server is shared, and the sessions of the test before may not be over yet.
    ASSERT_TRUE(eventually([&] { return this->zk_->watch_count() == 0; }));
    const auto a = this->open_watchful();
    const auto b = this->open();
    const auto held = this->hold(a);
    // The holder looks after its own nodes from its first heartbeat on: those watches are not what we look for.
    const auto watches = TestFixture::Kind::lines().size();
    ASSERT_TRUE(eventually([&] { return this->zk_->watch_count() == watches; })) << this->zk_->watch_count();
    EXPECT_FALSE(this->wait(TestFixture::Kind::try_acquire(b, this->patience)));
    EXPECT_FALSE(this->wait(TestFixture::Kind::try_acquire_until(b, 60ms)));
    EXPECT_EQ(error_of([&] { this->wait(TestFixture::Kind::acquire(b, 60ms)); }), errc::timed_out);
    this->wait(b.swept(this->patience));
    EXPECT_TRUE(eventually([&] { return this->zk_->watch_count() == watches; }))
        << this->zk_->watch_count() << " instead of " << watches;
}

TYPED_TEST_P(lock_contract, ACancelledWaiterLeavesNothing)  // 13
{
    const auto a = this->open();
    const auto b = this->open();
    auto held = this->hold(a);
    auto waiting = this->wait_in_line(b);
    this->expect_depth(2);
    waiting.cancel();
    EXPECT_TRUE(cancelled(error_of([&] { waiting.get(); })));
    this->wait(b.swept(this->patience));
    this->expect_depth(1);
}

TYPED_TEST_P(lock_contract, AMiddleWaiterThatGivesUpServesNobody)  // 3, 13
{
    const auto a = this->open();
    const auto b = this->open();
    const auto c = this->open();
    auto held = this->hold(a);
    auto middle = this->wait_in_line(b);
    this->expect_depth(2);
    auto last = this->wait_in_line(c);
    this->expect_depth(3);
    middle.cancel();
    EXPECT_TRUE(cancelled(error_of([&] { middle.get(); })));
    this->expect_depth(2);
    EXPECT_FALSE(last.done(50ms));
    this->wait(held.release());
    EXPECT_TRUE(last.get().held());
}

TYPED_TEST_P(lock_contract, AMiddleWaiterWhoseSessionEndsServesNobody)  // 3
{
    const auto a = this->open();
    const auto b = this->open();
    const auto c = this->open();
    auto held = this->hold(a);
    auto middle = this->wait_in_line(b);
    this->expect_depth(2);
    auto last = this->wait_in_line(c);
    this->expect_depth(3);
    this->zk_->hear_out(b);
    this->zk_->expire(b);
    this->expect_depth(2);
    const auto told = error_of([&] { middle.get(); });
    EXPECT_TRUE(session_over(told)) << told.message();
    EXPECT_FALSE(last.done(100ms));
    this->wait(held.release());
    EXPECT_TRUE(last.get().held());
}

TYPED_TEST_P(lock_contract, AHolderWhoseSessionEndsHasLostAndTheNextIsServed)  // 5
{
    const auto a = this->open();
    const auto b = this->open();
    auto held = this->hold(a);
    auto next = this->wait_in_line(b);
    this->expect_depth(2);
    auto told = this->run_.spawn(held.lost());
    const auto stop = held.stop_token();
    this->zk_->expire(a);
    EXPECT_TRUE(next.get().held());
    told.get();
    EXPECT_FALSE(held.held());
    EXPECT_EQ(held.state(), lease_state::lost);
    EXPECT_TRUE(eventually([&] { return stop.stop_requested(); }));
    EXPECT_EQ(error_of([&] { held.check(); }), errc::lost);
    EXPECT_EQ(error_of([&] { this->wait(held.release()); }), errc::lost);
}

TYPED_TEST_P(lock_contract, AWaiterWhoseSessionEndsIsTold)  // 4
{
    const auto a = this->open();
    const auto b = this->open();
    const auto held = this->hold(a);
    auto waiting = this->wait_in_line(b);
    this->expect_depth(2);
    this->zk_->hear_out(b);
    this->zk_->expire(b);
    const auto told = error_of([&] { waiting.get(); });
    EXPECT_TRUE(session_over(told)) << told.message();
    this->expect_depth(1);
    // The same session, in its next epoch, stands in line again.
    auto again = this->wait_in_line(b);
    this->expect_depth(2);
}

TYPED_TEST_P(lock_contract, AnOperatorWhoDeletesTheHoldersNodeEndsTheHolding)  // 16
{
    const auto a = this->open_watchful();
    const auto b = this->open();
    auto held = this->hold(a);
    auto next = this->wait_in_line(b);
    this->expect_depth(2);
    auto told = this->run_.spawn(held.lost());
    this->zk_->erase(this->node(0));
    told.get();
    EXPECT_EQ(held.state(), lease_state::lost);
    EXPECT_FALSE(held.held());
    held.release_in_background();
    EXPECT_TRUE(next.get().held());
}

TYPED_TEST_P(lock_contract, AReleaseThatComesAfterTheOperatorSaysLost)  // 16
{
    const auto s = this->open();
    auto held = this->acquire(s);
    this->zk_->erase(this->node(0));
    EXPECT_EQ(error_of([&] { this->wait(held.release()); }), errc::lost);
    this->expect_depth(0);
}

TYPED_TEST_P(lock_contract, AnOperatorWhoDeletesAWaitersNodeEndsItsWait)
{
    const auto a = this->open();
    const auto b = this->open_watchful();
    const auto held = this->hold(a);
    auto waiting = this->wait_in_line(b);
    this->expect_depth(2);
    this->zk_->hear_out(b);
    this->zk_->erase(this->node(1));
    EXPECT_EQ(error_of([&] { waiting.get(); }), errc::lost);
    this->expect_depth(1);
}

TYPED_TEST_P(lock_contract, ClosingTheSessionEndsEveryWaitWithinASecond)  // 8
{
    const auto a = this->open();
    const auto b = this->open();
    const auto held = this->hold(a);
    std::vector<running<lease>> waiting;
    for (int i = 0; i < 5; ++i)
        waiting.push_back(this->wait_in_line(b));
    this->expect_depth(6);
    const auto start = std::chrono::steady_clock::now();
    this->wait(b.close());
    for (auto& w : waiting)
        EXPECT_TRUE(session_over(error_of([&] { w.get(); })));
    EXPECT_LT(std::chrono::steady_clock::now() - start, 1s);
    this->expect_depth(1);
}

TYPED_TEST_P(lock_contract, ForeignChildrenBlockNobody)  // 17
{
    for (const auto& line : TestFixture::Kind::lines())
        for (const auto* child : {"/0", "/config", "/lock-1", "/x-lock-", "/x-lock-12", "/x-lock--000000001",
                                  "/x-lock-+000000001", "/x-lock-00000000001"})
            this->zk_->create(line + child);
    const auto s = this->open();
    if constexpr (TestFixture::Kind::name == semaphore_kind::name || TestFixture::Kind::name == whole_semaphore_kind::name)
        this->wait(TestFixture::Kind::make(s).set_maximum(TestFixture::Kind::name == semaphore_kind::name ? 1 : 7));
    auto tried = this->wait(TestFixture::Kind::try_acquire(s, this->patience));
    ASSERT_TRUE(tried);
    this->wait(tried->release());
    EXPECT_TRUE(this->acquire(s).held());
}

TYPED_TEST_P(exclusive_lock_contract, TwoThreadsOfOneSessionExcludeEachOther)  // 21, 22
{
    const auto s = this->open();
    std::atomic<int> inside = 0;
    std::atomic<int> most = 0;
    const auto work = [&]() {
        for (int i = 0; i < 8; ++i) {
            auto held = blocking::wait(TestFixture::Kind::acquire(s, this->patience));
            most = std::max(most.load(), ++inside);
            --inside;
            blocking::wait(held.release());
        }
    };
    std::thread other{work};
    work();
    other.join();
    EXPECT_EQ(most, 1);
}

TYPED_TEST_P(lock_options_contract, DeadlineZeroGetsAFreeLock)  // 11
{
    const auto s = this->open();
    EXPECT_TRUE(this->wait(TestFixture::Kind::try_acquire_until(s, 0s)));
}

TYPED_TEST_P(lock_options_contract, AnOwnerWhoWouldWaitForItselfIsRefusedAtOnce)
{
    const auto s = this->open();
    acquire_options how{this->patience};
    how.owner = owner_id::unique();
    auto first = this->wait(TestFixture::Kind::hold(s, how));
    EXPECT_EQ(error_of([&] { this->wait(TestFixture::Kind::acquire(s, how)); }), errc::would_deadlock);
    EXPECT_EQ(error_of([&] { this->wait(TestFixture::Kind::try_acquire(s, how)); }), errc::would_deadlock);
    how.second_place = true;
    auto second = this->wait_in_line(s, how);
    this->expect_depth(2);
    this->wait(first.release());
    auto held = second.get();
    this->wait(held.release());
    how.second_place = false;
    EXPECT_TRUE(this->wait(TestFixture::Kind::acquire(s, how)).held()) << "a released owner may ask again";
}

REGISTER_TYPED_TEST_SUITE_P(lock_contract, AFreeLockIsGrantedAndReleasedLeavesNothing, DroppingTheLeaseReleases,
                            WhoComesSecondIsServedWhenTheFirstReleases, ATryOfAFreeLockIsGranted,
                            ATryOfAHeldLockIsRefusedAndLeavesNothing, ATimeOutIsAnAnswerAndLeavesNothing,
                            ARefusedOrTimedOutTryLeavesNoWatch, ACancelledWaiterLeavesNothing,
                            AMiddleWaiterThatGivesUpServesNobody, AMiddleWaiterWhoseSessionEndsServesNobody,
                            AHolderWhoseSessionEndsHasLostAndTheNextIsServed, AWaiterWhoseSessionEndsIsTold,
                            AnOperatorWhoDeletesTheHoldersNodeEndsTheHolding, AReleaseThatComesAfterTheOperatorSaysLost,
                            AnOperatorWhoDeletesAWaitersNodeEndsItsWait, ClosingTheSessionEndsEveryWaitWithinASecond,
                            ForeignChildrenBlockNobody);
REGISTER_TYPED_TEST_SUITE_P(exclusive_lock_contract, WaitersAreServedInTheOrderOfTheirPlaces,
                            TwoThreadsOfOneSessionExcludeEachOther);
REGISTER_TYPED_TEST_SUITE_P(lock_options_contract, DeadlineZeroGetsAFreeLock, AnOwnerWhoWouldWaitForItselfIsRefusedAtOnce);

struct setting_names {
    template <class Setting>
    static std::string GetName(int)
    {
        return std::string{Setting::name} + (Setting::where == backend_kind::memory ? "_in_memory" : "_on_a_real_server");
    }
};

using enum backend_kind;
INSTANTIATE_TYPED_TEST_SUITE_P(family, lock_contract, every_lock<memory>, setting_names);
INSTANTIATE_TYPED_TEST_SUITE_P(family, exclusive_lock_contract, every_exclusive_lock<memory>, setting_names);
INSTANTIATE_TYPED_TEST_SUITE_P(family, lock_options_contract, every_lock_with_options<memory>, setting_names);
INSTANTIATE_TYPED_TEST_SUITE_P(family_on_a_real_server, lock_contract, every_lock<real>, setting_names);
INSTANTIATE_TYPED_TEST_SUITE_P(family_on_a_real_server, exclusive_lock_contract, every_exclusive_lock<real>, setting_names);
INSTANTIATE_TYPED_TEST_SUITE_P(family_on_a_real_server, lock_options_contract, every_lock_with_options<real>, setting_names);

}  // namespace
}  // namespace turnstile::test

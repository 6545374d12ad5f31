// What every lock-like recipe costs, counted at the seam: operations and round trips. Never a time.
#include "cost_room.hpp"
#include "lock_family.hpp"

namespace turnstile::test {
namespace {

using namespace std::chrono_literals;
using ::testing::AnyOf;
using ::testing::Each;

template <class Kind>
class lock_cost : public cost_room {
protected:
    lease acquire(const session& s) { return wait(Kind::acquire(s, 10s)); }
};

using every_kind = ::testing::Types<mutex_kind, writer_kind, semaphore_kind, whole_semaphore_kind, multi_kind, leader_kind>;
struct names {
    template <class Kind>
    static std::string GetName(int)
    {
        return Kind::name;
    }
};
TYPED_TEST_SUITE(lock_cost, every_kind, names);

TYPED_TEST(lock_cost, AWarmAcquireIsOneRoundTrip)
{
    const auto s = this->open();
    this->wait(this->acquire(s).release());
    this->seam_.reset_counts();
    const auto held = this->acquire(s);
    EXPECT_EQ(this->seam_.round_trips(), 1U);
    EXPECT_EQ(this->seam_.writes(), 1U);
}

TYPED_TEST(lock_cost, AColdAcquireIsTwoRoundTrips)
{
    const auto s = this->open();
    this->seam_.reset_counts();
    const auto held = this->acquire(s);
    EXPECT_EQ(this->seam_.round_trips(), 2U);
}

TYPED_TEST(lock_cost, AReleaseIsOneRoundTripAndADeleteANode)
{
    const auto s = this->open();
    auto held = this->acquire(s);
    this->seam_.reset_counts();
    this->wait(held.release());
    EXPECT_EQ(this->seam_.round_trips(), 1U);
    EXPECT_EQ(this->verbs().size(), TypeParam::lines().size());
    EXPECT_THAT(this->verbs(), Each(std::string{"erase"}));
}

TYPED_TEST(lock_cost, ARefusedTryIsOneRoundTripAndNoWrite)
{
    const auto a = this->open();
    const auto b = this->open();
    const auto held = this->acquire(a);
    this->seam_.reset_counts();
    EXPECT_FALSE(this->wait(TypeParam::try_acquire(b, 10s)));
    EXPECT_EQ(this->seam_.writes(), 0U);
    EXPECT_EQ(this->seam_.reads(), TypeParam::reads_of_a_refused_try());
    EXPECT_EQ(this->seam_.round_trips(), 1U);
}

TYPED_TEST(lock_cost, ATryOfAFreeLockIsTwoRoundTripsAndThreeWhenADirectoryIsMissing)
{
    const auto s = this->open();
    this->seam_.reset_counts();
    auto cold = this->wait(TypeParam::try_acquire(s, 10s));
    ASSERT_TRUE(cold);
    EXPECT_EQ(this->seam_.round_trips(), 3U);
    this->wait(cold->release());
    this->seam_.reset_counts();
    const auto warm = this->wait(TypeParam::try_acquire(s, 10s));
    EXPECT_TRUE(warm);
    EXPECT_EQ(this->seam_.round_trips(), 2U);
    EXPECT_EQ(this->seam_.reads(), 2 * TypeParam::reads_of_a_refused_try());
}

TYPED_TEST(lock_cost, AHandOverAsksNothing)
{
    const auto a = this->open();
    const auto b = this->open();
    auto first = this->acquire(a);
    const auto watches = this->server_.watch_count();
    auto second = this->run_.spawn(TypeParam::acquire(b, 10s));
    // One on each node ahead; and a semaphore's waiter has one on the maximum.
    const auto terms = TypeParam::reads_of_a_refused_try() - TypeParam::lines().size();
    ASSERT_TRUE(eventually([&] { return this->server_.watch_count() == watches + TypeParam::lines().size() + terms; }));
    this->seam_.reset_counts();
    this->wait(first.release());
    const auto held = second.get();
    // The watch on a semaphore's maximum is taken back behind the grant.
    EXPECT_THAT(this->verbs(), Each(AnyOf(std::string{"erase"}, std::string{"forget_watches"})))
        << "the grant itself took no operation";
}

}  // namespace
}  // namespace turnstile::test

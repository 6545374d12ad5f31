// Owners of several services who wait for each other in a circle: one of them is told, and nobody who only waits.
#include "recipe_room.hpp"

#include <turnstile/path.hpp>
#include <turnstile/recipes/deadlock.hpp>
#include <turnstile/recipes/lockable.hpp>
#include <turnstile/recipes/multi_lock.hpp>
#include <turnstile/recipes/mutex.hpp>
#include <turnstile/recipes/shared_mutex.hpp>

#include <atomic>
#include <future>
#include <optional>
#include <thread>
#include <vector>

namespace turnstile::test {
namespace {

using namespace std::chrono_literals;

const std::string order = "/locks/order-42";
const std::string user = "/locks/user-7";
const std::string stock = "/locks/stock-3";

class deadlock_on : public recipe_on {
protected:
    /// A service: a session, and one request that it works on.
    struct service {
        session s;
        acquire_options how{patience};

        service(session s_, std::string purpose) : s{std::move(s_)}
        {
            how.owner = owner_id::unique();
            how.purpose = std::move(purpose);
        }
    };

    service open_service(const std::string& purpose, const std::string& below = {})
    {
        auto o = zk_->options();
        o.session_timeout = 4s;  // a look a second
        if (!below.empty())
            o.root = join_path(o.root, below);
        return {session::open(std::move(o)), purpose};
    }

    static lease hold(const service& who, const std::string& path) { return wait(mutex{who.s, path}.acquire(who.how)); }
    running<lease> ask(const service& who, const std::string& path, std::size_t depth)
    {
        auto r = run_.spawn(mutex{who.s, path}.acquire(who.how));
        expect_depth(path, depth);
        return r;
    }

    /// What a call that is told of a circle throws.
    static std::optional<deadlock> told(running<lease>& call)
    {
        try {
            call.get();
        } catch (const deadlock& d) {
            return d;
        } catch (const error& e) {
            ADD_FAILURE() << e.what();
        }
        return std::nullopt;
    }
};

TEST_P(deadlock_on, TheOneWhoCameLastIsToldAndTheOtherGoesOn)
{
    const auto pay = open_service("capture");
    const auto edit = open_service("new price");
    auto payers_order = hold(pay, order);
    auto editors_user = hold(edit, user);
    auto pay_waits = ask(pay, user, 2);
    auto edit_waits = ask(edit, order, 2);

    const auto circle = told(edit_waits);
    ASSERT_TRUE(circle);
    EXPECT_EQ(circle->code(), errc::would_deadlock);
    ASSERT_EQ(circle->cycle().size(), 2U);
    EXPECT_EQ(circle->cycle()[0].line, order);
    EXPECT_EQ(circle->cycle()[0].who.purpose, "new price");
    EXPECT_EQ(circle->cycle()[1].line, user);
    EXPECT_EQ(circle->cycle()[1].who.purpose, "capture");
    EXPECT_EQ(circle->cycle()[1].who.session, pay.s.id());
    EXPECT_THAT(circle->what(),
                ::testing::AllOf(::testing::HasSubstr(order), ::testing::HasSubstr(user), ::testing::HasSubstr("capture")));

    EXPECT_TRUE(editors_user.held()) << "it keeps what it had";
    expect_depth(order, 1);
    EXPECT_FALSE(pay_waits.done(1500ms)) << "one is enough";
    editors_user.release_in_background();
    EXPECT_TRUE(pay_waits.get().held());
}

TEST_P(deadlock_on, ACircleOfThreeIsFound)
{
    const auto a = open_service("a");
    const auto b = open_service("b");
    const auto c = open_service("c");
    const auto order_of_a = hold(a, order);
    const auto user_of_b = hold(b, user);
    auto stock_of_c = hold(c, stock);
    auto a_waits = ask(a, user, 2);
    auto b_waits = ask(b, stock, 2);
    auto c_waits = ask(c, order, 2);
    const auto circle = told(c_waits);
    ASSERT_TRUE(circle);
    std::vector<std::string> who;
    for (const auto& w : circle->cycle())
        who.push_back(w.who.purpose + " waits for " + w.line);
    EXPECT_THAT(who, ::testing::ElementsAre("c waits for " + order, "a waits for " + user, "b waits for " + stock));
    stock_of_c.release_in_background();
    EXPECT_TRUE(b_waits.get().held());
}

TEST_P(deadlock_on, WhoWaitsInALineAndInNoCircleIsLeftInPeace)
{
    const auto a = open_service("a");
    const auto b = open_service("b");
    const auto c = open_service("c");
    auto user_of_a = hold(a, user);  // and waits for nobody
    const auto order_of_b = hold(b, order);
    const auto stock_of_c = hold(c, stock);
    auto b_waits = ask(b, user, 2);
    auto c_waits = ask(c, order, 2);
    EXPECT_FALSE(b_waits.done(1500ms));
    EXPECT_FALSE(c_waits.done());
    user_of_a.release_in_background();
    EXPECT_TRUE(b_waits.get().held());
}

TEST_P(deadlock_on, ReadersBesideReadersAreNoCircle)
{
    const auto a = open_service("a");
    const auto b = open_service("b");
    const auto a_reads_order = wait(turnstile::shared_mutex{a.s, order}.acquire_shared(a.how));
    const auto b_reads_user = wait(turnstile::shared_mutex{b.s, user}.acquire_shared(b.how));
    EXPECT_TRUE(wait(turnstile::shared_mutex{a.s, user}.acquire_shared(a.how)).held());
    auto a_writes = run_.spawn(turnstile::shared_mutex{a.s, user}.acquire(a.how));
    expect_depth(user, 2);
    EXPECT_TRUE(wait(turnstile::shared_mutex{b.s, order}.acquire_shared(b.how)).held());
    EXPECT_FALSE(a_writes.done(1500ms));
}

TEST_P(deadlock_on, AReaderWhoWaitsForAWriterWhoWaitsForItIsTold)
{
    const auto a = open_service("a");
    const auto b = open_service("b");
    const auto a_reads_order = wait(turnstile::shared_mutex{a.s, order}.acquire_shared(a.how));
    auto b_writes_user = wait(turnstile::shared_mutex{b.s, user}.acquire(b.how));
    auto b_wants_to_write = run_.spawn(turnstile::shared_mutex{b.s, order}.acquire(b.how));
    expect_depth(order, 2);
    auto a_wants_to_read = run_.spawn(turnstile::shared_mutex{a.s, user}.acquire_shared(a.how));
    expect_depth(user, 2);
    EXPECT_TRUE(told(a_wants_to_read));
    EXPECT_FALSE(b_wants_to_write.done());
}

TEST_P(deadlock_on, WhoHoldsOneAndWaitsForSeveralIsSeen)
{
    const auto a = open_service("a");
    const auto b = open_service("b");
    const auto stock_of_a = hold(a, stock);
    const auto user_of_b = hold(b, user);
    auto a_waits = run_.spawn(multi_lock{a.s, {order, user}}.acquire(a.how));
    expect_depth(user, 2);
    auto b_waits = ask(b, stock, 2);
    EXPECT_TRUE(told(b_waits));
    EXPECT_FALSE(a_waits.done());
    b_waits = ask(b, stock, 2);  // comes last again
    EXPECT_TRUE(told(b_waits));
}

TEST_P(deadlock_on, AMultiLockThatCameLastIsToldToo)
{
    const auto a = open_service("a");
    const auto b = open_service("b");
    const auto stock_of_a = hold(a, stock);
    const auto user_of_b = hold(b, user);
    auto b_waits = ask(b, stock, 2);
    auto a_waits = run_.spawn(multi_lock{a.s, {order, user}}.acquire(a.how));
    EXPECT_TRUE(told(a_waits));
    EXPECT_FALSE(b_waits.done());
    expect_depth(order, 0);
    expect_depth(user, 1);
}

TEST_P(deadlock_on, WhatWasGivenBackMeanwhileIsNoCircle)
{
    const auto a = open_service("a");
    const auto b = open_service("b");
    const auto order_of_a = hold(a, order);
    auto user_of_b = hold(b, user);
    auto stock_of_b = hold(b, stock);
    auto b_waits = ask(b, order, 2);  // its node says that it holds both
    user_of_b.release_in_background();
    expect_depth(user, 0);
    const auto others = hold(open_service("c"), user);
    auto a_waits = ask(a, user, 2);
    EXPECT_FALSE(a_waits.done(1500ms));
    EXPECT_FALSE(b_waits.done());
}

TEST_P(deadlock_on, SessionsOfOneRootSeeEachOther)
{
    zk_->create("/app");
    const auto a = open_service("a", "app");
    const auto b = open_service("b", "app");
    const auto order_of_a = hold(a, order);
    const auto user_of_b = hold(b, user);
    auto a_waits = ask(a, user, 0);
    EXPECT_TRUE(eventually([&] { return zk_->depth("/app" + user) == 2; }));
    auto b_waits = ask(b, order, 0);
    const auto circle = told(b_waits);
    ASSERT_TRUE(circle);
    EXPECT_EQ(circle->cycle().front().line, order) << "as the session names it";
}

TEST_P(deadlock_on, ThreadsThatLockInOppositeOrderAreTold)
{
    const auto s = open_service("threads").s;
    blocking::lockable one{mutex{s, order}};
    blocking::lockable two{mutex{s, user}};
    std::promise<void> first_has;
    std::promise<void> second_has;
    std::atomic<int> circles{0};
    auto both = [&](auto& mine, auto& theirs, std::promise<void>& mine_is_held, std::promise<void>& theirs_is_held) {
        const std::unique_lock first{mine};
        mine_is_held.set_value();
        theirs_is_held.get_future().wait();
        try {
            const std::unique_lock second{theirs};
        } catch (const deadlock&) {
            ++circles;
        }
    };
    {
        const std::jthread a{[&] { both(one, two, first_has, second_has); }};
        const std::jthread b{[&] { both(two, one, second_has, first_has); }};
    }
    EXPECT_EQ(circles, 1);
}

INSTANTIATE_TEST_SUITE_P(memory, deadlock_on, ::testing::Values(backend_kind::memory));
INSTANTIATE_TEST_SUITE_P(real, deadlock_on, ::testing::Values(backend_kind::real));

}  // namespace
}  // namespace turnstile::test

// Every fault at every operation of every lock-like recipe: whatever happens, each call ends granted or not granted, with
// its nodes or without, and a fresh client gets the lock afterwards. Scenarios 1, 5, 6, 13, 15, 20, 30.
#include "lock_family.hpp"

#include "support/async_runner.hpp"
#include "support/eventually.hpp"

#include <turnstile/blocking.hpp>
#include <turnstile/testing/faults.hpp>
#include <turnstile/testing/memory_server.hpp>

#include <gtest/gtest.h>

#include <iostream>

namespace turnstile::test {
namespace {

using namespace std::chrono_literals;

template <class T>
T wait(boost::asio::awaitable<T> what)
{
    return blocking::wait(std::move(what));
}

template <class Kind>
class lock_faultsim : public ::testing::Test {
protected:
    static session open(testing::faults& f)
    {
        session_options o;
        o.transport = f.transport();
        o.retry_delay_min = 1ms;
        return session::open(o);
    }

    static session open_untouched(testing::memory_server& server)
    {
        session_options o;
        o.transport = server.transport();
        return session::open(o);
    }

    static bool all_lines_have(testing::memory_server& server, std::size_t depth)
    {
        for (const auto& line : Kind::lines())
            if ((server.exists(line) ? server.children(line).size() : 0) != depth)
                return false;
        return true;
    }

    /// What every run must come to, whatever it met.
    static void expect_clean(testing::memory_server& server)
    {
        EXPECT_TRUE(eventually([&] { return all_lines_have(server, 0); })) << "somebody is left in a line";
        const auto fresh = open_untouched(server);
        EXPECT_TRUE(wait(Kind::try_acquire_until(fresh, 5s))) << "a fresh client must get the lock";
    }

    /// A code that a caller may see: never a doubt.
    static void expect_honest(const error_code& ec)
    {
        EXPECT_FALSE(in_doubt(ec)) << ec.message();
        EXPECT_TRUE(session_over(ec) || ec == errc::lost) << ec.message();
    }

    template <class Body>
    static void under_every_fault(const char* what, Body body)
    {
        const auto r = testing::faultsim([&](testing::faults& f, testing::memory_server& server) {
            SCOPED_TRACE(f.describe());
            body(f, server);
            expect_clean(server);
        });
        std::cout << "[ FAULTSIM ] " << Kind::name << ", " << what << ": " << r.total() << " points\n";
        EXPECT_GT(r.total(), 0U);
    }
};

using every_kind = ::testing::Types<mutex_kind, writer_kind, writer_behind_readers_kind, reader_behind_writers_kind,
                                    semaphore_kind, whole_semaphore_kind, multi_kind, cohort_kind, leader_kind>;
struct names {
    template <class Kind>
    static std::string GetName(int)
    {
        return Kind::name;
    }
};
TYPED_TEST_SUITE(lock_faultsim, every_kind, names);

TYPED_TEST(lock_faultsim, AcquireAndRelease)
{
    this->under_every_fault("acquire, release", [this](testing::faults& f, testing::memory_server& server) {
        const auto s = this->open(f);
        try {
            auto held = wait(TypeParam::acquire(s, 30s));
            if (held.held()) {
                EXPECT_TRUE(this->all_lines_have(server, 1)) << "exactly one node";
            }
            wait(held.release());
        } catch (const error& e) {
            this->expect_honest(e.code());
        }
        wait(s.swept(30s));
    });
}

TYPED_TEST(lock_faultsim, WaitingBehindAHolderAndAWaiter)
{
    this->under_every_fault("wait in line", [this](testing::faults& f, testing::memory_server& server) {
        async_runner run;
        const auto others = this->open_untouched(server);
        auto holder = wait(TypeParam::hold(others, 30s));
        auto second = run.spawn(TypeParam::hold(others, 30s));
        EXPECT_TRUE(eventually([&] { return this->all_lines_have(server, 2); }));
        const auto s = this->open(f);
        auto ours = run.spawn(TypeParam::acquire(s, 30s));
        // Either it stands in the lines, or its session ended and it has told so.
        EXPECT_TRUE(eventually([&] { return ours.done() || this->all_lines_have(server, 3); }));
        wait(holder.release());
        auto held_by_second = second.get();
        const auto token_of_second = held_by_second.token();
        const bool ended_early = ours.done(5ms);
        wait(held_by_second.release());
        try {
            auto held = ours.get();
            EXPECT_FALSE(ended_early) << "two holders";
            EXPECT_GT(held.token(), token_of_second);
            held.release_in_background();
        } catch (const error& e) {
            this->expect_honest(e.code());
        }
        wait(s.swept(30s));
    });
}

TYPED_TEST(lock_faultsim, ACancellationLeavesNothing)
{
    this->under_every_fault("cancel", [this](testing::faults& f, testing::memory_server& server) {
        async_runner run;
        const auto others = this->open_untouched(server);
        auto holder = wait(TypeParam::hold(others, 30s));
        const auto s = this->open(f);
        auto ours = run.spawn(TypeParam::acquire(s, 30s));
        EXPECT_TRUE(eventually([&] { return ours.done() || this->all_lines_have(server, 2); }));
        ours.cancel();
        try {
            ours.get();
            ADD_FAILURE() << "granted while somebody holds";
        } catch (const boost::system::system_error& e) {
            EXPECT_TRUE(cancelled(e.code()) || session_over(e.code())) << e.what();
        }
        wait(s.swept(30s));
        EXPECT_TRUE(eventually([&] { return this->all_lines_have(server, 1); }));
        EXPECT_TRUE(holder.held());
        wait(holder.release());
    });
}

TYPED_TEST(lock_faultsim, ATryOfAFreeLock)
{
    this->under_every_fault("try, free", [this](testing::faults& f, testing::memory_server& server) {
        const auto s = this->open(f);
        try {
            auto held = wait(TypeParam::try_acquire(s, 30s));
            ASSERT_TRUE(held) << "refused, and nobody was there";
            if (held->held()) {
                EXPECT_TRUE(this->all_lines_have(server, 1)) << "exactly one node";
            }
        } catch (const error& e) {
            this->expect_honest(e.code());
        }
        wait(s.swept(30s));
    });
}

TYPED_TEST(lock_faultsim, ATryOfAHeldLock)
{
    this->under_every_fault("try, held", [this](testing::faults& f, testing::memory_server&) {
        const auto s = this->open(f);
        try {
            auto holder = wait(TypeParam::hold(s, 30s));
            if (holder.held()) {
                const bool second = wait(TypeParam::try_acquire(s, 30s)).has_value();
                EXPECT_FALSE(second && holder.held()) << "two holders";
            }
        } catch (const error& e) {
            this->expect_honest(e.code());
        }
        wait(s.swept(30s));
    });
}

}  // namespace
}  // namespace turnstile::test

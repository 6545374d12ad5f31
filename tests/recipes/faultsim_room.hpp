// What the fault simulations of the business recipes share: sessions that meet the faults and others that do not, and what
// the server has to look like when everybody has gone.
#pragma once

#include "support/async_runner.hpp"
#include "support/eventually.hpp"

#include <turnstile/blocking.hpp>
#include <turnstile/testing/faults.hpp>
#include <turnstile/testing/memory_server.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

namespace turnstile::test {

class faultsim_room : public ::testing::Test {
protected:
    static constexpr auto patience = std::chrono::seconds{30};

    template <class T>
    static T wait(boost::asio::awaitable<T> what)
    {
        return blocking::wait(std::move(what));
    }

    /// Whose operations meet the faults.
    static session open(testing::faults& f)
    {
        session_options o;
        o.transport = f.transport();
        o.retry_delay_min = std::chrono::milliseconds{1};
        return session::open(o);
    }

    static session open_untouched(testing::memory_server& server)
    {
        session_options o;
        o.transport = server.transport();
        return session::open(o);
    }

    /// Of all that is there. A member's sign of life goes with its session, so ask when the sessions are closed.
    static std::vector<std::string> ephemerals(testing::memory_server& server, const std::string& below = "/")
    {
        std::vector<std::string> all;
        for (const auto& child : server.children(below)) {
            const auto path = below == "/" ? below + child : below + "/" + child;
            if (server.exists(path) && server.stat(path).ephemeral_owner > 0)  // a container's is the least of all numbers
                all.push_back(path);
            for (auto& deeper : server.exists(path) ? ephemerals(server, path) : std::vector<std::string>{})
                all.push_back(std::move(deeper));
        }
        return all;
    }

    static void expect_no_ephemerals(testing::memory_server& server)
    {
        EXPECT_TRUE(eventually([&] { return ephemerals(server).empty(); })) << ::testing::PrintToString(ephemerals(server));
    }

    /// A code that a caller may see of a turn or a claim: never a doubt.
    static void expect_honest(const boost::system::system_error& e)
    {
        EXPECT_FALSE(in_doubt(e.code())) << e.what();
        EXPECT_EQ(e.code(), errc::lost) << e.what();
    }

    /// Runs it where nothing may be thrown at all.
    static void expect_no_error(const std::function<void()>& f, const char* what)
    {
        try {
            f();
        } catch (const std::exception& e) {
            ADD_FAILURE() << what << ": " << e.what();
        }
    }

    /// False: it threw, and what it threw was honest.
    static bool succeeds(const std::function<void()>& f)
    {
        try {
            f();
            return true;
        } catch (const boost::system::system_error& e) {
            expect_honest(e);
        }
        return false;
    }

    using body = std::function<void(testing::faults& f, testing::memory_server& server)>;

    static void under_every_fault(const char* what, const body& b)
    {
        const auto r = testing::faultsim([&](testing::faults& f, testing::memory_server& server) {
            SCOPED_TRACE(f.describe());
            b(f, server);
        });
        std::cout << "[ FAULTSIM ] " << what << ": " << r.total() << " points\n";
        EXPECT_GT(r.total(), 0U);
    }

    /// Each pair of losses, one after the other: what finds out about the first may meet the second.
    static void under_every_two_losses(const char* what, const body& b)
    {
        testing::faultsim_options losses;
        losses.classes = {testing::fault::lost_before, testing::fault::lost_after, testing::fault::timed_out};
        std::size_t pairs = 0;
        const auto meets = [&](std::size_t k, testing::fault first, std::size_t later, testing::fault second) {
            testing::memory_server server{losses.server};
            testing::faults f{server.transport()};
            f.arm(k, first);
            f.arm_next(later, second);
            SCOPED_TRACE(f.describe());
            b(f, server);
            pairs += f.times_fired() == 2;
            return f.times_fired();
        };
        for (const auto first : losses.classes)
            for (const auto second : losses.classes) {
                std::size_t met = 2;
                for (std::size_t k = 1; met > 0; ++k)
                    for (std::size_t later = 1; (met = meets(k, first, later, second)) == 2;)
                        ++later;
            }
        std::cout << "[ FAULTSIM ] " << what << ", two losses: " << pairs << " pairs\n";
        EXPECT_GT(pairs, 0U);
    }
};

}  // namespace turnstile::test

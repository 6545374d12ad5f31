// The default caps on a real server: who reaches one is told which, harms nobody, and may go on below it.
#include <turnstile/blocking.hpp>
#include <turnstile/recipes/mutex.hpp>
#include <turnstile/testing/server.hpp>

#include <support/eventually.hpp>
#include <support/real_server.hpp>

#include <gtest/gtest.h>

#include <deque>
#include <string>

namespace turnstile::test {
namespace {

using namespace std::chrono_literals;
using blocking::wait;

template <class T>
error_code failure_of(boost::asio::awaitable<T> what)
{
    try {
        static_cast<void>(wait(std::move(what)));
    } catch (const boost::system::system_error& e) {
        return e.code();
    }
    return {};
}

/// As long as a component may be, but for the number that the server appends and our own mark.
std::string long_name(int i)
{
    auto name = std::to_string(i);
    return name + std::string(200 - name.size(), 'x');
}

class caps : public ::testing::Test {
protected:
    session open() const { return session::open(session_options{real_server().connect_string()}); }
};

}  // namespace

TEST_F(caps, ASessionFullOfEphemeralsIsToldSoAndItsEndHarmsNobody)
{
    const session_options defaults;
    const auto full = open();
    std::deque<lease> held;
    std::size_t bytes = 0;
    error_code refused;
    while (!refused) {
        ASSERT_LE(bytes, defaults.ephemeral_bytes_max);
        mutex m{full, "/caps/" + long_name(static_cast<int>(held.size()))};
        refused = failure_of([](mutex lock, std::deque<lease>& into) -> boost::asio::awaitable<void> {
            into.push_back(co_await lock.acquire(20s));
        }(m, held));
        if (!refused)
            bytes += held.back().path().size();
    }
    EXPECT_EQ(refused, errc::too_many_ephemerals);
    EXPECT_GT(bytes, defaults.ephemeral_bytes_max - 1'000) << "the cap is used to the full";
    EXPECT_TRUE(wait(full.children("/caps/" + long_name(static_cast<int>(held.size()) - 1))).size() == 1U);

    const auto other = open();
    EXPECT_TRUE(wait(mutex{other, "/caps/other"}.acquire(20s)).held()) << "another session is not concerned";
    wait(held.front().release());
    held.pop_front();
    EXPECT_TRUE(wait(mutex{full, "/caps/again"}.acquire(20s)).held()) << "room was made";

    wait(full.close());
    const auto survivor = open();
    EXPECT_FALSE(failure_of(survivor.sync("/"))) << "the end of a session that is full of ephemerals";
    EXPECT_FALSE(failure_of(other.exists("/")));
}

TEST_F(caps, ASessionFullOfWatchesIsToldSoAndReconnects)
{
    const session_options defaults;
    const auto full = open();
    std::deque<watcher> watchers;
    std::size_t bytes = 0;
    error_code refused;
    while (!refused) {
        ASSERT_LE(bytes, defaults.watch_bytes_max);
        const auto path = "/watched/" + long_name(static_cast<int>(watchers.size()));
        refused = failure_of(full.exists(path, watchers.emplace_back(full)));
        bytes += refused ? 0 : path.size();
    }
    EXPECT_EQ(refused, errc::too_many_watches);
    EXPECT_GT(bytes, defaults.watch_bytes_max - 1'000) << "the cap is used to the full";
    EXPECT_FALSE(failure_of(full.exists("/watched"))) << "without a watch";
    watchers.pop_front();
    EXPECT_FALSE(failure_of(full.exists("/watched/again", watchers.back()))) << "room was made";
    watchers.clear();
    EXPECT_TRUE(eventually([] { return real_server().metric("zk_watch_count") == 0; }, 20s));
}

}  // namespace turnstile::test

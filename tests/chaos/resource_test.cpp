// The resource that locks protect: it refuses what is late, writes down both, and strikes who it is told to.
#include "resource.hpp"
#include "resource_client.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <gtest/gtest.h>

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <future>
#include <optional>
#include <string>
#include <thread>

namespace turnstile::chaos {

using namespace std::chrono_literals;
using testing::history_event;
using testing::history_event_type;

namespace {

volatile sig_atomic_t struck = 0;
void on_strike(int) { struck = 1; }

class a_resource : public ::testing::Test {
protected:
    a_resource()
        : directory_{std::filesystem::temp_directory_path() / ("resource-test-" + std::to_string(::getpid()))},
          log_{made(directory_) / "history.jsonl", "test"},
          resource_{directory_ / "socket", log_}
    {
    }
    ~a_resource() override { std::filesystem::remove_all(directory_); }

    bool read(const std::string& key, std::int64_t token) { return write(key, token, testing::holding_kind::reader); }
    bool write(const std::string& key, std::int64_t token, testing::holding_kind as = testing::holding_kind::mutex)
    {
        boost::asio::io_context context;
        resource_client client{context, (directory_ / "socket").string()};
        history_event e{history_event_type::effect, "op-" + std::to_string(token), key, token};
        e.process = "writer";
        e.kind = as;
        e.monotonic = e.boot = 1ns;
        auto accepted = boost::asio::co_spawn(context, client.apply(e), boost::asio::use_future);
        context.run();
        return accepted.get();
    }

    resource& it() { return resource_; }
    std::vector<history_event> history() const { return testing::read_history(directory_ / "history.jsonl"); }

private:
    static const std::filesystem::path& made(const std::filesystem::path& d)
    {
        std::filesystem::create_directories(d);
        return d;
    }

    const std::filesystem::path directory_;
    testing::history_recorder log_;
    resource resource_;
};

}  // namespace

TEST_F(a_resource, RefusesATokenThatIsSmallerThanTheNewest)
{
    EXPECT_TRUE(write("a", 10));
    EXPECT_TRUE(write("a", 10));
    EXPECT_TRUE(write("a", 20));
    EXPECT_FALSE(write("a", 10));
    EXPECT_TRUE(write("b", 10));
    const auto told = history();
    ASSERT_EQ(told.size(), 5U);
    EXPECT_FALSE(told[3].accepted);
    EXPECT_GT(told[0].monotonic, 1ns) << "the stamps that count are the resource's own";
}

TEST_F(a_resource, TakesReadersInAnyOrderButNeitherBehindANewerWriterNorAWriterBehindThem)
{
    EXPECT_TRUE(write("a", 10));
    EXPECT_TRUE(read("a", 30));
    EXPECT_TRUE(read("a", 20));
    EXPECT_FALSE(write("a", 10));
    EXPECT_TRUE(write("a", 40));
    EXPECT_FALSE(read("a", 30));
}

TEST_F(a_resource, TakesThoseWhoHavePermitsInAnyOrder)
{
    EXPECT_TRUE(write("a", 20, testing::holding_kind::permits));
    EXPECT_TRUE(write("a", 10, testing::holding_kind::permits));
}

TEST_F(a_resource, StrikesNobodyButThoseItIsToldTo)
{
    auto who = std::async(std::launch::async, [&] {
        return it().strike_next_writer("a", SIGKILL, 200ms, [](const auto& p) { return p == "another"; });
    });
    while (who.wait_for(0s) != std::future_status::ready)
        write("a", 10);
    EXPECT_EQ(who.get(), std::nullopt) << "and we are alive";
}

TEST_F(a_resource, StrikesTheNextWriterOfAKey)
{
    ::signal(SIGUSR2, on_strike);
    std::optional<std::string> who;
    std::thread striker{[&] { who = it().strike_next_writer("a", SIGUSR2, 20s); }};
    while (struck == 0) {
        write("b", 10);
        write("a", 10);
    }
    striker.join();
    EXPECT_EQ(who, "writer");
}

TEST_F(a_resource, StrikesNobodyWhenNobodyWrites)
{
    EXPECT_EQ(it().strike_next_writer("a", SIGKILL, 1ms), std::nullopt);
    EXPECT_TRUE(write("a", 10)) << "the wish is over";
}

TEST_F(a_resource, StrikesNobodyWhoIsSpared)
{
    std::optional<std::string> who;
    std::atomic<bool> over{false};
    std::thread striker{[&] {
        who = it().strike_next_writer("a", SIGKILL, 100ms, [](const auto& p) { return p != "writer"; });
        over = true;
    }};
    while (!over)
        write("a", 10);
    striker.join();
    EXPECT_EQ(who, std::nullopt);
}

}  // namespace turnstile::chaos

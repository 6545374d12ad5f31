// Small parts that count, measure and remember.
#include "client_log.hpp"
#include "ephemeral_ledger.hpp"
#include "server_list.hpp"
#include "session_clock.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

namespace turnstile::inline v0::detail {

namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

}  // namespace

TEST(ephemeral_ledger, CountsBytesOfPath)
{
    ephemeral_ledger l{10};
    l.add("/1234");
    EXPECT_EQ(l.bytes(), 5U);
    EXPECT_TRUE(l.has_room(5));
    EXPECT_FALSE(l.has_room(6));
    l.remove("/1234");
    EXPECT_EQ(l.bytes(), 0U);
    EXPECT_TRUE(l.has_room(10));
}

TEST(ephemeral_ledger, CountsAPathOnce)
{
    ephemeral_ledger l{10};
    l.add("/a");
    l.add("/a");
    EXPECT_EQ(l.bytes(), 2U);
    l.remove("/a");
    l.remove("/a");
    EXPECT_EQ(l.bytes(), 0U);
    EXPECT_EQ(l.size(), 0U);
}

TEST(ephemeral_ledger, CountsWhatIsOnItsWayEvenAcrossSessions)
{
    ephemeral_ledger l{10};
    l.add("/a");
    l.expect(8);
    EXPECT_FALSE(l.has_room(1));
    l.clear();
    EXPECT_FALSE(l.has_room(3));  // its answer has not come
    l.settled(8);
    EXPECT_TRUE(l.has_room(10));
}

TEST(session_clock, ProvesNothingBeforeTheFirstWrite)
{
    const session_clock c{3s};
    EXPECT_FALSE(c.good());
}

TEST(session_clock, IsGoodForTwoThirdsAfterTheNewestAcknowledgedWrite)
{
    session_clock c{3s};
    const auto now = boot_clock::now();
    c.acknowledged(now);
    EXPECT_TRUE(c.good());
    EXPECT_EQ(c.good_until(), now + 2s);
    c.acknowledged(now - 1s);  // an older one that is answered later takes nothing back
    EXPECT_EQ(c.newest_proof(), now);
    c.acknowledged(now + 1s);
    EXPECT_EQ(c.good_until(), now + 3s);
}

TEST(session_clock, IsNotGoodForAWriteOfLongAgo)
{
    session_clock c{3s};
    c.acknowledged(boot_clock::now() - 2s);
    EXPECT_FALSE(c.good());
    EXPECT_FALSE(c.over());
}

TEST(session_clock, EndsForGood)
{
    session_clock c{3s};
    c.acknowledged(boot_clock::now());
    c.end();
    c.acknowledged(boot_clock::now());
    EXPECT_TRUE(c.over());
    EXPECT_FALSE(c.good());
}

TEST(server_list, IsMadeOdd)
{
    EXPECT_THAT(odd_list({}), IsEmpty());
    EXPECT_THAT(odd_list({"a:1"}), ElementsAre("a:1"));
    EXPECT_THAT(odd_list({"a:1", "b:1"}), ElementsAre("a:1", "b:1", "a:1"));
    EXPECT_THAT(odd_list({"a:1", "b:1", "c:1"}), ElementsAre("a:1", "b:1", "c:1"));
}

TEST(server_list, DropsDuplicatesBeforeItIsMadeOdd)
{
    EXPECT_THAT(odd_list({"a:1", "a:1", "b:1"}), ElementsAre("a:1", "b:1", "a:1"));
    EXPECT_THAT(odd_list({"a:1", "a:1"}), ElementsAre("a:1"));
}

class numeric_list : public ::testing::Test {
protected:
    std::string of(std::string_view servers) { return numeric_server_list(servers, *log_); }

    std::ostringstream text_;
    const std::shared_ptr<spdlog::logger> log_ =
        std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_mt>(text_));
};

TEST_F(numeric_list, SplitsHostsAndPorts)
{
    EXPECT_EQ(of("127.0.0.1:2182"), "127.0.0.1:2182");
    EXPECT_EQ(of("127.0.0.1"), "127.0.0.1:2181");
    EXPECT_EQ(of("127.0.0.1:1,127.0.0.2:2,127.0.0.3:3"), "127.0.0.1:1,127.0.0.2:2,127.0.0.3:3");
    EXPECT_EQ(of(" 127.0.0.1:1 , ,127.0.0.2:2,"), "127.0.0.1:1,127.0.0.2:2,127.0.0.1:1");
    EXPECT_EQ(of(""), "");
}

TEST_F(numeric_list, TakesIPv6InBrackets)
{
    // libzookeeper splits at the last colon, and knows no brackets.
    EXPECT_EQ(of("[::1]:2182"), "::1:2182");
    EXPECT_EQ(of("[::1]"), "::1:2181");
}

TEST_F(numeric_list, LeavesOutWhatDoesNotResolveAndSaysSo)
{
    EXPECT_EQ(of("no-such-host.invalid:1,127.0.0.1:2"), "127.0.0.1:2");
    EXPECT_THAT(text_.str(), HasSubstr("cannot resolve no-such-host.invalid"));
    EXPECT_EQ(of("no-such-host.invalid"), "");
}

TEST(log_limit, WritesAFewLinesAndThenCounts)
{
    log_limit l;
    const auto now = log_limit::clock::now();
    int written = 0;
    for (int i = 0; i < 1'000; ++i)
        written += l.ask(now + i * 10ms).write ? 1 : 0;
    EXPECT_EQ(written, 5);
}

TEST(log_limit, WritesALineNowAndThenAndHowManyWereLeftOut)
{
    log_limit l;
    const auto now = log_limit::clock::now();
    for (int i = 0; i < 15; ++i)
        l.ask(now);
    EXPECT_FALSE(l.ask(now + 29s).write);
    const auto late = l.ask(now + 31s);
    EXPECT_TRUE(late.write);
    EXPECT_EQ(late.left_out, 11U);
    EXPECT_FALSE(l.ask(now + 32s).write);
}

TEST(log_limit, BeginsAnewWhenRelaxed)
{
    log_limit l;
    const auto now = log_limit::clock::now();
    for (int i = 0; i < 15; ++i)
        l.ask(now);
    l.relax();
    const auto first = l.ask(now);
    EXPECT_TRUE(first.write);
    EXPECT_EQ(first.left_out, 10U);
}

}  // namespace turnstile::inline v0::detail

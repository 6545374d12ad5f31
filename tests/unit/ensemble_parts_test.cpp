// The parts of testing::ensemble that need no server.
#include "testing/connection_report.hpp"
#include "testing/election_greeting.hpp"
#include "testing/four_letter.hpp"

#include <gtest/gtest.h>

#include <string>

namespace turnstile::testing {

namespace {

using namespace std::string_literals;

const std::string version_one = "\xff\xff\xff\xff\xff\xff\x00\x00"s;
const std::string member_three = "\0\0\0\0\0\0\0\x03"s;
const std::string own_address =
    "\0\0\0\x0e"
    "127.0.0.1:3888"s;
const std::string our_address =
    "\0\0\0\x0f"
    "127.0.0.1:12345"s;

}  // namespace

TEST(election_greeting, GetsTheAddressOfTheProxy)
{
    election_greeting g{"127.0.0.1:12345"};
    EXPECT_EQ(g.feed(version_one + member_three + own_address + "votes"),
              version_one + member_three + our_address + "votes");
    EXPECT_EQ(g.feed("more"), "more");
}

TEST(election_greeting, MayArriveByteByByte)
{
    election_greeting g{"127.0.0.1:12345"};
    std::string passed_on;
    const auto sent = version_one + member_three + own_address + "v";
    for (const char& byte : sent)
        passed_on += g.feed({&byte, 1});
    EXPECT_EQ(passed_on, version_one + member_three + our_address + "v");
}

TEST(election_greeting, OfAnotherVersionIsLeftAlone)
{
    election_greeting g{"127.0.0.1:12345"};
    const auto other = "\xff\xff\xff\xff\xff\xff\x00\x01"s + member_three + own_address;
    EXPECT_EQ(g.feed(other), other);
}

TEST(connection_report, FindsTheLatestConnectionOfASession)
{
    const std::string report =
        " /127.0.0.1:40000[1](queued=0,recved=9,sent=9,sid=0x1000a1,lop=PING,est=1700000000100,to=2000)\n"
        " /127.0.0.1:40001[1](queued=0,recved=9,sent=9,sid=0x1000a2,lop=PING,est=1700000000200,to=2000)\n"
        " /127.0.0.1:40002[1](queued=0,recved=9,sent=9,sid=0x1000a1,lop=PING,est=1700000000300,to=2000)\n"
        " /127.0.0.1:40003[0](queued=0,recved=1,sent=0)\n";
    EXPECT_EQ(connected_since(report, 0x1000a1), 1700000000300);
    EXPECT_EQ(connected_since(report, 0x1000a2), 1700000000200);
    EXPECT_EQ(connected_since(report, 0x1000a), std::nullopt);
    EXPECT_EQ(connected_since(report, 0), std::nullopt);
}

TEST(connection_report, KnowsIdsThatAreNegativeAsNumbers)
{
    EXPECT_EQ(connected_since("(sid=0xff00000000000001,est=5,", static_cast<std::int64_t>(0xff00000000000001)), 5);
}

TEST(four_letter_report, NumbersAndTextsAreFoundByTheirWholeNames)
{
    EXPECT_EQ(number_in("zk_watch_count_x\t1\nzk_watch_count\t12\n", "zk_watch_count"), 12);
    EXPECT_EQ(number_in("zk_avg_latency\t0.5\n", "zk_avg_latency"), 0);
    EXPECT_EQ(number_in("zk_version\tnone\n", "zk_version"), std::nullopt);
    EXPECT_EQ(text_in("Zxid: 0x10\nMode: leader\n", "Mode"), "leader");
    EXPECT_EQ(text_in("This ZooKeeper instance is not currently serving requests\n", "Mode"), std::nullopt);
}

}  // namespace turnstile::testing

#include <turnstile/testing/proxy.hpp>

#include <support/eventually.hpp>
#include <support/raw_client.hpp>
#include <support/real_server.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace turnstile::testing {

namespace {

using namespace std::chrono_literals;
using test::eventually;
using test::heard;
using test::raw_client;
using test::real_server;

/// A proxy before the shared server, and the server asked behind its back.
class proxy_between : public ::testing::Test {
protected:
    /// A path that no other test uses.
    static std::string path(const std::string& suffix = {})
    {
        const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
        return std::string{"/"} + test->name() + suffix;
    }

    static bool exists(const std::string& path)
    {
        raw_client direct{real_server().port()};
        return direct.shake_hands() && direct.exists(path);
    }

    proxy net{real_server().connect_string()};
};

}  // namespace

TEST_F(proxy_between, PassesEverythingOn)
{
    raw_client client{net.port()};
    ASSERT_TRUE(client.shake_hands());
    EXPECT_EQ(client.create(path(), "data"), 0);
    EXPECT_EQ(client.create(path()), raw_client::node_exists);
    EXPECT_EQ(net.connections(), 1U);

    const auto counted = net.counters();
    EXPECT_EQ(counted.connects, 1U);
    EXPECT_EQ(counted.requests, 3U);
    EXPECT_EQ(counted.replies, 3U);
    EXPECT_EQ(counted.requests_by_opcode.at(proxy_opcode::create), 2U);
    EXPECT_GT(counted.bytes_up, 0U);
    EXPECT_GT(counted.bytes_down, 0U);
}

TEST_F(proxy_between, PassesLargeFramesWhole)
{
    const std::string data(900'000, 'x');
    raw_client client{net.port()};
    ASSERT_TRUE(client.shake_hands());
    ASSERT_EQ(client.create(path(), data), 0);
    client.send_get_data(path());
    const auto got = client.receive();
    ASSERT_EQ(got.what, heard::reply);
    EXPECT_EQ(got.body.substr(4, data.size()), data);
}

TEST_F(proxy_between, PassesFourLetterWords)
{
    raw_client client{net.port()};
    client.send("ruok");
    EXPECT_EQ(client.receive().what, heard::end_of_connection);  // "imok" is no frame
    EXPECT_EQ(net.counters().bytes_down, 4U);
}

TEST_F(proxy_between, CutDropsWhatIsThereAndTakesWhatComes)
{
    raw_client first{net.port()};
    ASSERT_TRUE(first.shake_hands());
    net.cut();
    EXPECT_EQ(net.connections(), 0U);
    EXPECT_EQ(first.receive().what, heard::end_of_connection);
    raw_client second{net.port()};
    EXPECT_TRUE(second.shake_hands());
}

TEST_F(proxy_between, RefusesAndAcceptsAgain)
{
    raw_client first{net.port()};
    ASSERT_TRUE(first.shake_hands());
    net.refuse();
    EXPECT_EQ(first.receive().what, heard::end_of_connection);
    EXPECT_FALSE(raw_client{net.port()}.connected());
    net.accept();
    net.accept();
    raw_client second{net.port()};
    EXPECT_TRUE(second.shake_hands());
}

TEST_F(proxy_between, StalledNothingPassesAndNothingIsLost)
{
    raw_client client{net.port()};
    ASSERT_TRUE(client.shake_hands());
    net.stall();
    const auto before = net.counters();
    client.send_create(path());
    ASSERT_TRUE(eventually([&] { return net.counters().requests == before.requests + 1; }));
    EXPECT_FALSE(exists(path()));
    EXPECT_EQ(net.counters().bytes_up, before.bytes_up);
    EXPECT_EQ(net.connections(), 1U);

    net.resume();
    EXPECT_EQ(client.receive().what, heard::reply);
    EXPECT_TRUE(exists(path()));
}

TEST_F(proxy_between, StalledRepliesLeaveTheRequestsAlone)
{
    raw_client client{net.port()};
    ASSERT_TRUE(client.shake_hands());
    net.stall_replies();
    client.send_create(path());
    ASSERT_TRUE(eventually([] { return exists(path()); }));
    EXPECT_EQ(client.receive(100ms).what, heard::silence);
    net.resume();
    EXPECT_EQ(client.receive().what, heard::reply);
}

TEST_F(proxy_between, StalledSessionsExpire)
{
    raw_client client{net.port()};
    ASSERT_TRUE(client.shake_hands(200ms));
    ASSERT_EQ(client.create(path(), {}, true), 0);
    net.stall();
    ASSERT_TRUE(eventually([] { return !exists(path()); }));
    EXPECT_EQ(net.connections(), 1U);  // a black hole does not tell of the server's goodbye
    net.resume();
    EXPECT_EQ(client.receive().what, heard::end_of_connection);
}

TEST_F(proxy_between, DelaysEachWayAndKeepsThePipelineFull)
{
    raw_client client{net.port()};
    ASSERT_TRUE(client.shake_hands());
    net.delay(100ms);
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < 20; ++i)
        client.send_exists("/");
    for (int i = 0; i < 20; ++i)
        ASSERT_EQ(client.receive().what, heard::reply);
    const auto took = std::chrono::steady_clock::now() - begin;
    EXPECT_GE(took, 200ms);
    EXPECT_LT(took, 2s);  // one after the other they would take four seconds
}

TEST_F(proxy_between, ADelayIsNoLackOfBandwidth)
{
    const std::string data(900'000, 'x');
    raw_client client{net.port()};
    ASSERT_TRUE(client.shake_hands());
    ASSERT_EQ(client.create(path(), data), 0);
    net.delay(100ms);
    const auto begin = std::chrono::steady_clock::now();
    client.send_get_data(path());
    ASSERT_EQ(client.receive().what, heard::reply);
    const auto took = std::chrono::steady_clock::now() - begin;
    EXPECT_GE(took, 200ms);
    EXPECT_LT(took, 2s);  // it comes in more than fifty pieces
}

TEST_F(proxy_between, CutsBetweenExecutionAndReply)
{
    raw_client client{net.port()};
    ASSERT_TRUE(client.shake_hands());
    net.cut_before_reply(proxy_opcode::create);
    EXPECT_FALSE(net.wait_for_cut(0ms));
    client.send_create(path());
    ASSERT_TRUE(net.wait_for_cut(10s));
    EXPECT_EQ(client.receive().what, heard::end_of_connection);
    EXPECT_TRUE(exists(path()));
    EXPECT_FALSE(net.wait_for_cut(0ms)) << "one cut, reported twice";
}

TEST_F(proxy_between, CutsBetweenArrivalAndExecution)
{
    raw_client client{net.port()};
    ASSERT_TRUE(client.shake_hands());
    net.cut_before_request(proxy_opcode::create);
    client.send_create(path());
    ASSERT_TRUE(net.wait_for_cut(10s));
    EXPECT_EQ(client.receive().what, heard::end_of_connection);
    EXPECT_FALSE(exists(path()));
}

TEST_F(proxy_between, DeliversWhatCameBeforeTheCutReply)
{
    raw_client client{net.port()};
    ASSERT_TRUE(client.shake_hands());
    net.cut_before_reply(proxy_opcode::create, 3);
    std::vector<std::int32_t> sent;
    for (const auto* node : {"-1", "-2", "-3", "-4"})
        sent.push_back(client.send_create(path(node)));
    EXPECT_EQ(client.receive().xid, sent[0]);
    EXPECT_EQ(client.receive().xid, sent[1]);
    EXPECT_EQ(client.receive().what, heard::end_of_connection);
    EXPECT_TRUE(exists(path("-3")));
}

TEST_F(proxy_between, ForwardsWhatCameBeforeTheCutRequest)
{
    raw_client client{net.port()};
    ASSERT_TRUE(client.shake_hands());
    net.cut_before_request(proxy_opcode::create, 2);
    client.send_create(path("-1"));
    client.send_create(path("-2"));
    client.send_create(path("-3"));
    ASSERT_TRUE(net.wait_for_cut(10s));
    EXPECT_TRUE(eventually([] { return exists(path("-1")); }));
    EXPECT_FALSE(exists(path("-2")));
    EXPECT_FALSE(exists(path("-3")));
}

TEST_F(proxy_between, CutsTheHandshakeBehindTheServersBack)
{
    net.cut_before_reply(proxy_opcode::connect);
    raw_client client{net.port()};
    EXPECT_FALSE(client.shake_hands());
    EXPECT_TRUE(net.wait_for_cut(10s));
}

TEST_F(proxy_between, CutsOnlyTheConnectionConcerned)
{
    raw_client bystander{net.port()};
    ASSERT_TRUE(bystander.shake_hands());
    raw_client client{net.port()};
    ASSERT_TRUE(client.shake_hands());
    net.cut_before_reply(proxy_opcode::create);
    client.send_create(path());
    ASSERT_TRUE(net.wait_for_cut(10s));
    EXPECT_TRUE(bystander.exists("/"));
    EXPECT_EQ(net.connections(), 1U);
}

TEST_F(proxy_between, DisarmedCutsNothing)
{
    raw_client client{net.port()};
    ASSERT_TRUE(client.shake_hands());
    net.cut_before_request(proxy_opcode::any);
    net.disarm();
    EXPECT_EQ(client.create(path()), 0);
}

TEST(proxy, RefusesATargetThatIsNoAddress)
{
    for (const auto* target : {"", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "nobody:1", "127.0.0.1:99999"})
        EXPECT_THROW(proxy{target}, std::invalid_argument) << target;
}

TEST(proxy, DropsClientsWhenThereIsNoServer)
{
    server zk;
    proxy net{zk.connect_string()};
    zk.kill();
    raw_client client{net.port()};
    EXPECT_FALSE(client.shake_hands());
    EXPECT_TRUE(eventually([&] { return net.connections() == 0; }));
    zk.start();
    raw_client again{net.port()};
    EXPECT_TRUE(again.shake_hands());
}

TEST(proxy, EndsAtOnceBeforeAPausedServer)
{
    server zk;
    zk.pause();
    {
        proxy net{zk.connect_string()};
        raw_client client{net.port()};
        client.send(raw_client::connect_request(2s));
        const std::string much(8 << 20, '\0');  // more than proxy and sockets hold
        std::thread flood{[&] { client.send(much); }};
        EXPECT_TRUE(eventually([&] { return net.counters().bytes_up > 0; }));
        const auto begin = std::chrono::steady_clock::now();
        net.cut();
        flood.join();
        EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
    }
}

TEST(proxy, EndsAtOnceWhileItStalls)
{
    const auto begin = std::chrono::steady_clock::now();
    {
        proxy net{real_server().connect_string()};
        raw_client client{net.port()};
        ASSERT_TRUE(client.shake_hands());
        net.stall();
        client.send_create("/never");
    }
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);
}

}  // namespace turnstile::testing

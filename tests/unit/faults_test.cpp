// The fault injector shows the layer above only what a real client could show, and never loses a completion.
#include <turnstile/testing/faults.hpp>

#include "support/seam_probe.hpp"

#include <gmock/gmock.h>

#include <set>
#include <stdexcept>

namespace turnstile::test {
namespace {

using ::testing::ElementsAre;
using testing::fault;
using testing::faults;
using testing::faultsim;
using testing::faultsim_options;
using ::testing::HasSubstr;
using testing::memory_server;
using testing::memory_server_options;

std::string said(const std::string& tag, errc e) { return tag + ": " + error_code{e}.message(); }

struct faults_test : ::testing::Test {
    memory_server server;
    faults f{server.transport()};
    seam_probe client{f.transport()};

    void SetUp() override { ASSERT_TRUE(client.connected()); }
};

TEST_F(faults_test, LetsEverythingPassWhileNothingIsArmed)
{
    EXPECT_TRUE(client.call(op::create{"/a", "x"}).ok());
    EXPECT_EQ(client.call(op::get{"/a", true}).data, "x");
    server.set("/a", "y");
    EXPECT_TRUE(client.saw("changed /a"));
    EXPECT_EQ(client.call(op::get{"/b"}).ec, errc::no_node);
    EXPECT_EQ(f.describe(), "no fault");
    EXPECT_FALSE(f.fired());
}

// ---- Each class

TEST_F(faults_test, LostBeforeIsNotExecutedAndTheSameSessionComesBack)
{
    const auto session = client.session();
    f.arm(2, fault::lost_before);
    ASSERT_TRUE(client.call(op::create{"/first"}).ok());
    EXPECT_FALSE(f.fired());
    EXPECT_FALSE(client.send(op::create{"/second"}, "second"));
    EXPECT_TRUE(f.fired());
    ASSERT_TRUE(client.connected(2));
    EXPECT_THAT(client.lines(),
                ElementsAre("connected", "disconnected", said("second", errc::connection_loss), "connected"));
    EXPECT_FALSE(server.exists("/second"));
    EXPECT_EQ(client.session(), session);
    EXPECT_TRUE(client.call(op::create{"/second"}).ok()) << "a fault comes once";
    EXPECT_EQ(f.describe(), "lost_before at operation 2 (create /second)");
}

TEST_F(faults_test, LostAfterIsExecuted)
{
    f.arm(1, fault::lost_after);
    client.send(op::create{"/a", "", create_mode::ephemeral}, "create");
    ASSERT_TRUE(client.connected(2));
    EXPECT_TRUE(client.saw(said("create", errc::connection_loss)));
    EXPECT_TRUE(server.exists("/a")) << "the ZooKeeper session goes on";
}

TEST_F(faults_test, TimedOutIsExecuted)
{
    f.arm(1, fault::timed_out);
    client.send(op::create{"/a"}, "create");
    ASSERT_TRUE(client.connected(2));
    EXPECT_TRUE(client.saw(said("create", errc::operation_timeout)));
    EXPECT_TRUE(server.exists("/a"));
}

TEST_F(faults_test, ExpiredIsExecutedAndTheSessionIsOverOnTheServer)
{
    client.call(op::create{"/mine", "", create_mode::ephemeral});
    f.arm(1, fault::expired);
    client.send(op::create{"/stays"}, "create");
    ASSERT_TRUE(client.saw("expired"));
    EXPECT_THAT(client.lines(), ElementsAre("connected", said("create", errc::session_expired), "expired"));
    EXPECT_TRUE(server.exists("/stays"));
    EXPECT_FALSE(server.exists("/mine"));
    EXPECT_TRUE(server.session_ids().empty());
    EXPECT_EQ(client.send(op::exists{"/"}), errc::session_expired);
}

TEST_F(faults_test, ExpiredBeforeIsNotExecuted)
{
    client.call(op::create{"/mine", "", create_mode::ephemeral});
    f.arm(1, fault::expired_before);
    client.send(op::create{"/never"}, "create");
    ASSERT_TRUE(client.saw("expired"));
    EXPECT_TRUE(client.saw(said("create", errc::session_expired)));
    EXPECT_FALSE(server.exists("/never"));
    EXPECT_FALSE(server.exists("/mine"));
}

// ---- What goes with it

TEST_F(faults_test, ALossTakesEverythingOutstandingWithIt)
{
    server.pause();
    client.send(op::create{"/one"}, "one");
    client.send(op::create{"/two"}, "two");
    f.arm(1, fault::lost_before);
    client.send(op::create{"/three"}, "three");
    EXPECT_EQ(client.send(op::create{"/four"}), errc::not_connected) << "it is down from then on";
    ASSERT_TRUE(client.connected(2));
    EXPECT_THAT(client.lines(),
                ElementsAre("connected", "disconnected", said("one", errc::connection_loss),
                            said("two", errc::connection_loss), said("three", errc::connection_loss), "connected"));
    server.resume();
    EXPECT_TRUE(client.call(op::sync{"/"}).ok());
    EXPECT_TRUE(server.exists("/one")) << "it was on its way: its answer comes, and is dropped";
    EXPECT_FALSE(server.exists("/three"));
}

TEST_F(faults_test, WhatFollowsALostAnswerIsLostToo)
{
    server.pause();
    f.arm(1, fault::timed_out);
    client.send(op::create{"/a"}, "create");
    client.send(op::children{"/"}, "list");
    server.resume();
    ASSERT_TRUE(client.connected(2));
    EXPECT_THAT(client.lines(), ElementsAre("connected", "disconnected", said("create", errc::operation_timeout),
                                            said("list", errc::connection_loss), "connected"));
}

TEST_F(faults_test, AnExpiryTakesEverythingOutstandingWithIt)
{
    server.pause();
    client.send(op::create{"/one"}, "one");
    f.arm(1, fault::expired);
    client.send(op::create{"/two"}, "two");
    client.send(op::create{"/three"}, "three");
    server.resume();
    ASSERT_TRUE(client.saw("expired"));
    EXPECT_THAT(client.lines(), ElementsAre("connected", "one: ok", said("two", errc::session_expired),
                                            said("three", errc::session_expired), "expired"));
}

TEST_F(faults_test, WatchesSurviveALossAndFireAfterTheReconnect)
{
    client.call(op::create{"/a"});
    client.call(op::get{"/a", true});
    client.call(op::exists{"/b", true});
    f.arm(1, fault::lost_before);
    server.on_operation([](std::int64_t, const operation&) {});
    client.send(op::sync{"/"}, "sync");
    server.set("/a", "x");
    ASSERT_TRUE(client.connected(2));
    ASSERT_TRUE(client.saw("changed /a"));
    const auto lines = client.lines();
    const auto back = std::find(lines.rbegin(), lines.rend(), "connected").base();
    EXPECT_NE(std::find(back, lines.end(), "changed /a"), lines.end()) << "not before it was connected again";
    server.create("/b");
    EXPECT_TRUE(client.saw("created /b"));
}

TEST_F(faults_test, AWatchWhoseAnswerWasLostIsNotTold)
{
    client.call(op::create{"/a"});
    f.arm(1, fault::lost_after);
    client.send(op::get{"/a", true}, "get");
    ASSERT_TRUE(client.connected(2));
    server.set("/a", "x");
    EXPECT_TRUE(client.call(op::sync{"/"}).ok());
    EXPECT_TRUE(client.quiet("changed /a"));
    EXPECT_TRUE(client.call(op::get{"/a", true}).ok());
    server.set("/a", "y");
    EXPECT_TRUE(client.saw("changed /a"));
}

TEST_F(faults_test, ARealLossUnderneathIsPassedOn)
{
    server.disconnect_all();
    ASSERT_TRUE(client.saw("disconnected"));
    EXPECT_TRUE(client.connected(2));
    EXPECT_TRUE(client.call(op::exists{"/"}).ok());
    server.expire_all();
    EXPECT_TRUE(client.saw("expired"));
}

TEST_F(faults_test, AnInventedLossDuringARealOneComesBackOnce)
{
    server.refuse_connections(true);
    f.arm(1, fault::lost_before);
    client.send(op::exists{"/"}, "exists");
    server.disconnect_all();
    ASSERT_TRUE(client.saw(said("exists", errc::connection_loss)));
    server.refuse_connections(false);
    ASSERT_TRUE(eventually([&] { return client.call(op::exists{"/"}).ok(); }));
    auto lines = client.lines();
    lines.erase(std::remove(lines.begin(), lines.end(), said("exists", errc::connection_loss)), lines.end());
    for (std::size_t i = 0; i < lines.size(); ++i)
        EXPECT_EQ(lines[i], i % 2 ? "disconnected" : "connected") << "they alternate";
}

// ---- Exactly once

TEST_F(faults_test, CompletesThousandsExactlyOnceWhenClosed)
{
    std::atomic<int> completed{0};
    for (int i = 0; i < 5'000; ++i)
        ASSERT_FALSE(client.submit(op::exists{"/"}, [&](const outcome&) { ++completed; }));
    client.close();
    EXPECT_EQ(completed, 5'000);
}

TEST_F(faults_test, CompletesExactlyOnceWithEachFaultUnderLoad)
{
    for (const auto what : testing::all_faults()) {
        SCOPED_TRACE(to_string(what));
        seam_probe c{f.transport()};
        ASSERT_TRUE(c.connected());
        std::atomic<int> completed{0};
        int accepted = 0;
        f.arm(1'000, what);
        for (int i = 0; i < 3'000; ++i)
            accepted += !c.submit(op::exists{"/"}, [&](const outcome&) { ++completed; });
        EXPECT_TRUE(f.fired());
        c.close();
        EXPECT_EQ(completed, accepted);
    }
}

TEST_F(faults_test, ClosesWhileAnExpiryIsUnderWay)
{
    server.pause();
    f.arm(1, fault::expired_before);
    client.send(op::exists{"/"}, "exists");
    client.close();  // whether the expiry was told before is a race; that nothing is told after it, the probe checks
    EXPECT_TRUE(client.saw(said("exists", errc::session_expired)));
    server.resume();
}

TEST_F(faults_test, OutlivesItsOwner)
{
    auto owner = std::make_unique<faults>(server.transport());
    seam_probe c{owner->transport()};
    ASSERT_TRUE(c.connected());
    owner.reset();
    EXPECT_TRUE(c.call(op::exists{"/"}).ok());
    c.close();
}

// ---- Counting

TEST_F(faults_test, WritesDownWhatPasses)
{
    client.call(op::create{"/a"});
    client.call(op::get{"/a"});
    client.call(op::multi{{op::erase{"/a"}}});
    seam_probe second{f.transport()};
    ASSERT_TRUE(second.connected());
    second.call(op::sync{"/"});

    const auto passed = f.operations();
    ASSERT_EQ(passed.size(), 4u);
    EXPECT_EQ(passed[0].verb, "create");
    EXPECT_EQ(passed[0].path, "/a");
    EXPECT_EQ(passed[0].client, 1u);
    EXPECT_EQ(passed[3].client, 2u);
    EXPECT_EQ(f.count("commit"), 1u);
    EXPECT_EQ(f.reads(), 2u);
    EXPECT_EQ(f.writes(), 2u);
    EXPECT_EQ(f.clients(), 2u);
    f.reset_counts();
    EXPECT_TRUE(f.operations().empty());
    EXPECT_EQ(f.reads() + f.writes() + f.round_trips(), 0u);
}

TEST_F(faults_test, CountsAPipelineAsOneRoundTrip)
{
    server.pause();
    for (int i = 0; i < 5; ++i)
        client.send(op::exists{"/"}, "read");
    server.resume();
    ASSERT_TRUE(client.saw("read: ok", 5));
    EXPECT_EQ(f.round_trips(), 1u);
    client.call(op::exists{"/"});
    client.call(op::exists{"/"});
    EXPECT_EQ(f.round_trips(), 3u);
}

TEST_F(faults_test, CountsFromTheArmingAndNotWhatIsDoneCalmly)
{
    client.call(op::exists{"/"});
    f.arm(2, fault::lost_before);
    client.call(op::exists{"/"});
    {
        const auto calm = f.calmly();
        for (int i = 0; i < 5; ++i)
            EXPECT_TRUE(client.call(op::exists{"/"}).ok());
    }
    EXPECT_FALSE(f.fired());
    EXPECT_EQ(client.call(op::exists{"/"}).ec, errc::connection_loss);
    EXPECT_TRUE(f.fired());
}

TEST_F(faults_test, CanBeDisarmed)
{
    f.arm(1, fault::expired);
    f.disarm();
    EXPECT_TRUE(client.call(op::exists{"/"}).ok());
    EXPECT_FALSE(f.fired());
}

// ---- faultsim

/// Creates a node as a recipe has to: whatever happens, in the end it is there. One read and at least one write.
void create_for_sure(seam_probe& c, const std::string& path)
{
    for (;;) {
        const auto there = c.call(op::exists{path});
        if (there.ok() || session_over(there.ec))
            return;
        if (there.ec == errc::no_node)
            c.call(op::create{path});
    }
}

TEST(faultsim, MeetsEveryPointWithEveryClass)
{
    std::multiset<std::string> met;
    const auto report = faultsim([&](faults& f, memory_server& server) {
        for (bool done = false; !done;) {
            seam_probe c{f.transport()};
            ASSERT_TRUE(c.connected());
            create_for_sure(c, "/a");
            done = server.exists("/a");
        }
        EXPECT_EQ(server.children("/").size(), 2u);
        if (f.fired())
            met.insert(f.describe());
    });
    // exists, create, exists
    for (const auto what : testing::all_faults())
        EXPECT_EQ(report.points.at(what), 3u) << to_string(what);
    EXPECT_EQ(report.total(), 15u);
    EXPECT_EQ(met.size(), 15u);
    EXPECT_EQ(met.count("lost_after at operation 2 (create /a)"), 1u);
}

TEST(faultsim, FindsTheLostReplyThatACarelessBodyDoesNotExpect)
{
    const auto careless = [](faults& f, memory_server& server) {
        seam_probe c{f.transport()};
        if (!c.connected())
            throw std::logic_error{"no connection"};
        c.call(op::create{"/q"});
        if (in_doubt(c.call(op::create{"/q/n-", "", create_mode::persistent_sequential}).ec)) {
            EXPECT_TRUE(c.connected(2));
            c.call(op::create{"/q/n-", "", create_mode::persistent_sequential});
        }
        if (server.exists("/q") && server.children("/q").size() > 1)
            throw std::logic_error{"two nodes"};
    };
    try {
        faultsim(careless);
        FAIL() << "it must be found";
    } catch (const std::runtime_error& e) {
        EXPECT_EQ(std::string{e.what()}, "lost_after at operation 2 (create /q/n-): two nodes");
        EXPECT_THROW(std::rethrow_if_nested(e), std::logic_error);
    }
}

TEST(faultsim, RefusesABodyThatDoesNotEnd)
{
    faultsim_options o;
    o.points_max = 10;
    o.classes = {fault::lost_before};
    const auto greedy = [](faults& f, memory_server&) {
        seam_probe c{f.transport()};
        ASSERT_TRUE(c.connected());
        while (!f.fired())
            c.call(op::exists{"/"});
    };
    try {
        faultsim(greedy, o);
        FAIL() << "it must be refused";
    } catch (const std::runtime_error& e) {
        EXPECT_THAT(e.what(), HasSubstr("does not end"));
    }
}

TEST(faultsim, RunsInFrontOfAnyTransport)
{
    memory_server shared;
    const auto report = faultsim([&] { return shared.transport(); },
                                 [&](faults& f) {
                                     seam_probe c{f.transport()};
                                     ASSERT_TRUE(c.connected());
                                     c.call(op::sync{"/"});
                                 });
    EXPECT_EQ(report.total(), 5u);
}

}  // namespace
}  // namespace turnstile::test

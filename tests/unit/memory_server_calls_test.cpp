// The memory server keeps the promises of the seam (src/client.hpp): each call ends once, in order, whatever the connection
// does.
#include "memory_server_room.hpp"

namespace turnstile::test {
namespace {

using ::testing::ElementsAre;

// ---- Order, exactly once

TEST_F(memory_server_test, CompletesInTheOrderOfSubmission)
{
    constexpr int n = 2'000;
    for (int i = 0; i < n; ++i)
        ASSERT_FALSE(client->send(op::create{"/n" + std::to_string(i)}, std::to_string(i)));
    ASSERT_TRUE(client->saw(std::to_string(n - 1) + ": ok"));
    const auto lines = client->lines();
    for (int i = 0; i < n; ++i)
        ASSERT_EQ(lines[static_cast<std::size_t>(i) + 1], std::to_string(i) + ": ok");
}

TEST_F(memory_server_test, AReadBehindAnOwnWriteSeesIt)
{
    create("/q");
    for (int i = 0; i < 100; ++i) {
        client->send(op::create{"/q/n-", "", create_mode::ephemeral_sequential});
        ASSERT_EQ(client->call(op::children{"/q"}).children.size(), static_cast<std::size_t>(i) + 1);
    }
}

TEST_F(memory_server_test, CompletesThousandsExactlyOnceWhenClosed)
{
    for (const bool end_session : {true, false}) {
        auto c = connect();
        std::atomic<int> completed{0};
        std::atomic<int> closing{0};
        constexpr int n = 5'000;
        for (int i = 0; i < n; ++i)
            ASSERT_FALSE(c->submit(op::exists{"/"}, [&](const outcome& r) {
                ++completed;
                closing += r.ec == errc::closing;
            }));
        c->close(end_session);
        EXPECT_EQ(completed, n);
    }
}

TEST_F(memory_server_test, DrainsWithClosingWhenTheServerIsFrozen)
{
    create("/e", create_mode::ephemeral);
    server.pause();
    std::atomic<int> closing{0};
    for (int i = 0; i < 3'000; ++i)
        ASSERT_FALSE(client->submit(op::create{"/n-", "", create_mode::persistent_sequential},
                                    [&](const outcome& r) { closing += r.ec == errc::closing; }));
    client->close();
    EXPECT_EQ(closing, 3'000);
    EXPECT_TRUE(server.exists("/e"));

    // The server reads what is in its socket when it comes round: the requests, and then the end of the session.
    server.resume();
    EXPECT_TRUE(eventually([&] { return server.session_ids().empty(); }));
    EXPECT_FALSE(server.exists("/e"));
    EXPECT_EQ(server.children("/").size(), 3'001u);
}

TEST_F(memory_server_test, DoesNotWaitForAServerThatFreezesDuringTheClose)
{
    server.hold_replies(true);
    client->send(op::exists{"/"}, "read");
    client->start_to_close();
    server.pause();
    EXPECT_TRUE(client->saw("closed"));
    EXPECT_TRUE(client->saw("read: " + error_code{errc::closing}.message()));
    client->let_go();
    server.resume();
    server.hold_replies(false);
    EXPECT_TRUE(eventually([&] { return server.session_ids().empty(); }));
}

TEST_F(memory_server_test, RefusesSubmissionsAfterClose)
{
    client->start_to_close();
    EXPECT_EQ(client->send(op::exists{"/"}), errc::session_closed);
    EXPECT_TRUE(client->saw("closed"));
    client->let_go();
}

TEST_F(memory_server_test, ClosesFromInsideACompletion)
{
    client->submit(op::exists{"/"}, [&](const outcome&) { std::thread{[&] { client->start_to_close(); }}.join(); });
    client->send(op::exists{"/"}, "second");
    EXPECT_TRUE(client->saw("closed"));
    client->let_go();
}

TEST_F(memory_server_test, IsDownForEverForClientsThatOutliveIt)
{
    auto short_lived = std::make_unique<memory_server>();
    seam_probe survivor{short_lived->transport()};
    ASSERT_TRUE(survivor.connected());
    short_lived->pause();
    survivor.send(op::exists{"/"}, "read");
    short_lived.reset();
    EXPECT_TRUE(survivor.saw(lost("read")));
    EXPECT_EQ(survivor.send(op::exists{"/"}), errc::not_connected);
    survivor.close();
}

TEST_F(memory_server_test, CallsClosedAlthoughNobodyHoldsTheServerAnyMore)
{
    auto short_lived = std::make_unique<memory_server>();
    seam_probe survivor{short_lived->transport()};
    ASSERT_TRUE(survivor.connected());
    survivor.start_to_close();
    survivor.let_go();
    short_lived.reset();
    EXPECT_TRUE(survivor.saw("closed"));
}

// ---- Connections

TEST_F(memory_server_test, ALostConnectionIsToldTakesTheOutstandingAndComesBack)
{
    server.pause();
    client->send(op::create{"/never"}, "create");
    client->send(op::exists{"/"}, "exists");
    server.disconnect_all();
    EXPECT_TRUE(client->saw(lost("exists")));
    EXPECT_EQ(client->send(op::exists{"/"}), errc::not_connected);
    EXPECT_THAT(client->lines(), ElementsAre("connected", "disconnected", lost("create"), lost("exists")));
    server.resume();
    EXPECT_TRUE(client->connected(2));
    EXPECT_FALSE(server.exists("/never")) << "what was on its way is gone";
}

TEST_F(memory_server_test, ExecutesLaterWhatWasUnderWayWhenToldTo)
{
    server.pause();
    client->send(op::create{"/late"}, "create");
    server.disconnect_with_writes_under_way(client->session());
    EXPECT_TRUE(client->saw(lost("create")));
    EXPECT_FALSE(server.exists("/late"));
    server.resume();
    EXPECT_TRUE(eventually([&] { return server.exists("/late"); }));
    EXPECT_TRUE(client->quiet("create: ok"));
}

TEST_F(memory_server_test, ExecutesWhatWasUnderWayBeforeTheNextWriteOrSyncOfThatSession)
{
    for (int i = 0; i < 50; ++i) {
        const auto parent = "/late" + std::to_string(i);
        const auto times = i + 1;
        server.pause();
        client->send(op::create{parent});
        server.disconnect_with_writes_under_way(client->session());
        server.resume();
        ASSERT_TRUE(client->connected(times + 1));
        if (i % 2 == 0) {
            EXPECT_TRUE(create(parent + "/below").ok());
        } else {
            EXPECT_TRUE(client->call(op::sync{"/"}).ok());
            EXPECT_TRUE(client->call(op::exists{parent}).ok());
        }
    }
}

TEST_F(memory_server_test, ForgetsWhatWasUnderWayWhenTheSessionEnds)
{
    server.pause();
    client->send(op::create{"/never"}, "create");
    server.disconnect_with_writes_under_way(client->session());
    EXPECT_TRUE(client->saw(lost("create")));
    server.expire(client->session());
    server.resume();
    EXPECT_TRUE(client->saw("expired"));
    EXPECT_FALSE(server.exists("/never"));
}

TEST_F(memory_server_test, ExecutesWhileRepliesAreHeldAndLosesThemWithTheConnection)
{
    server.hold_replies(true);
    client->send(op::create{"/done"}, "create");
    ASSERT_TRUE(eventually([&] { return server.exists("/done"); }));
    EXPECT_TRUE(client->quiet("create: ok"));
    server.disconnect(client->session());
    EXPECT_TRUE(client->saw(lost("create")));
    server.hold_replies(false);
    EXPECT_TRUE(client->connected(2));
}

TEST_F(memory_server_test, GoesOnWhereItWasFrozen)
{
    server.pause();
    client->send(op::create{"/later"}, "create");
    server.create("/outsider");
    EXPECT_FALSE(server.exists("/later"));
    server.resume();
    EXPECT_TRUE(client->saw("create: ok"));
}

TEST_F(memory_server_test, CompletesEverythingOnceWhileItsConnectionsAreCut)
{
    std::atomic<int> accepted{0};
    std::atomic<int> completed{0};
    std::atomic<bool> stop{false};
    std::thread submitter{[&] {
        while (!stop)
            accepted += !client->submit(op::exists{"/"}, [&](const outcome&) { ++completed; });
    }};
    for (int i = 0; i < 100; ++i) {
        ASSERT_TRUE(client->connected(i + 1));
        server.disconnect(client->session());
    }
    stop = true;
    submitter.join();
    client->close();
    EXPECT_EQ(completed, accepted);
    client = connect();
}

TEST_F(memory_server_test, TakesARoundTripWhenToldTo)
{
    memory_server_options o;
    o.round_trip = std::chrono::milliseconds{20};
    memory_server slow{o};
    seam_probe c{slow.transport()};
    ASSERT_TRUE(c.connected());
    const auto begin = std::chrono::steady_clock::now();
    c.send(op::create{"/a"});
    c.call(op::exists{"/a"});
    const auto took = std::chrono::steady_clock::now() - begin;
    EXPECT_GE(took, o.round_trip);
}

}  // namespace
}  // namespace turnstile::test

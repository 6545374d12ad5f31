// Watches on the memory server: told once, in order, and also what was missed.
#include "memory_server_room.hpp"

namespace turnstile::test {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

TEST_F(memory_server_test, FiresEachWatchOnce)
{
    create("/a");
    client->call(op::get{"/a", true});
    client->call(op::exists{"/b", true});
    client->call(op::children{"/", true});
    EXPECT_EQ(server.watch_count(), 3u);
    server.set("/a", "1");
    server.set("/a", "2");
    server.create("/b");
    server.create("/c");
    EXPECT_TRUE(client->call(op::sync{"/"}).ok());
    EXPECT_THAT(client->lines(), ElementsAre("connected", "changed /a", "created /b", "children_changed /"));
    EXPECT_EQ(server.watch_count(), 0u);
}

TEST_F(memory_server_test, LeavesAWatchOnAnAbsentNodeOnlyByExists)
{
    client->call(op::get{"/a", true});
    client->call(op::children{"/a", true});
    EXPECT_EQ(server.watch_count(), 0u);
    client->call(op::exists{"/a", true});
    EXPECT_EQ(server.watch_count(), 1u);
}

TEST_F(memory_server_test, TellsAnErasureOnceToWhoWatchesNodeAndChildren)
{
    create("/a");
    client->call(op::get{"/a", true});
    client->call(op::children{"/a", true});
    server.erase("/a");
    client->call(op::sync{"/"});
    EXPECT_THAT(client->lines(), ElementsAre("connected", "erased /a"));
}

TEST_F(memory_server_test, TellsAWatchAfterTheAnswerThatLeftItAndBeforeALaterRead)
{
    create("/a");
    auto other = connect();
    for (int round = 0; round < 200; ++round) {
        const auto tag = std::to_string(round);
        client->send(op::get{"/a", true}, "get" + tag);
        other->call(op::set{"/a", tag});
        const auto seen = client->call(op::get{"/a"});
        ASSERT_EQ(seen.data, tag);
        // The set came before our get, or its event was told: what matters is that a read never overtakes the event.
        const auto lines = client->lines();
        const auto got = std::find(lines.begin(), lines.end(), "get" + tag + ": ok");
        ASSERT_NE(got, lines.end());
        if (server.watch_count() == 0) {
            ASSERT_EQ(lines.back(), "changed /a");
            continue;
        }
        server.set("/a", "again");
        client->call(op::sync{"/"});
        ASSERT_EQ(client->lines().back(), "changed /a");
    }
}

TEST_F(memory_server_test, TellsAnOwnChangeBeforeItsAnswer)
{
    create("/a");
    client->call(op::get{"/a", true});
    client->send(op::erase{"/a"}, "erase");
    ASSERT_TRUE(client->saw("erase: ok"));
    EXPECT_LT(client->place("erased /a"), client->place("erase: ok"));
}

TEST_F(memory_server_test, ForgetsWatchesHereAndThere)
{
    create("/a");
    EXPECT_EQ(client->call(op::forget_watches{"/a"}).ec, errc::no_node);
    client->call(op::get{"/a", true});
    client->call(op::children{"/a", true});
    EXPECT_TRUE(client->call(op::forget_watches{"/a"}).ok());
    EXPECT_EQ(server.watch_count(), 0u);
    server.erase("/a");
    server.disconnect(client->session());
    ASSERT_TRUE(client->connected(2));
    client->call(op::sync{"/"});
    EXPECT_TRUE(client->quiet("erased /a"));
}

TEST_F(memory_server_test, TellsAfterAReconnectWhatWasMissed)
{
    for (const auto* path : {"/set", "/gone", "/parent", "/same"})
        create(path);
    for (const auto* path : {"/set", "/gone", "/same"})
        client->call(op::get{path, true});
    client->call(op::exists{"/came", true});
    client->call(op::exists{"/never", true});
    client->call(op::children{"/parent", true});
    server.refuse_connections(true);
    server.disconnect(client->session());
    ASSERT_TRUE(client->saw("disconnected"));
    EXPECT_EQ(server.watch_count(), 0u);
    server.set("/set", "x");
    server.erase("/gone");
    server.create("/came");
    server.create("/parent/child");
    server.refuse_connections(false);
    ASSERT_TRUE(client->connected(2));
    client->send(op::sync{"/"}, "sync");
    ASSERT_TRUE(client->saw("sync: ok"));
    auto lines = client->lines();
    ASSERT_EQ(lines[2], "connected") << "first of all";
    ASSERT_EQ(lines.back(), "sync: ok") << "the missed events come before any later answer";
    EXPECT_THAT((std::vector<std::string>{lines.begin() + 3, lines.end() - 1}),
                UnorderedElementsAre("changed /set", "erased /gone", "created /came", "children_changed /parent"));
    EXPECT_EQ(server.watch_count(), 2u) << "/same and /never wait on";
    server.set("/same", "x");
    EXPECT_TRUE(client->saw("changed /same"));
}

TEST_F(memory_server_test, AWatchWhoseAnswerWasLostWasNeverLeft)
{
    create("/a");
    server.hold_replies(true);
    client->send(op::get{"/a", true}, "get");
    ASSERT_TRUE(eventually([&] { return server.watch_count() == 1; }));
    server.disconnect(client->session());
    server.hold_replies(false);
    ASSERT_TRUE(client->connected(2));
    EXPECT_TRUE(client->saw(lost("get")));
    EXPECT_EQ(server.watch_count(), 0u);
}

}  // namespace
}  // namespace turnstile::test

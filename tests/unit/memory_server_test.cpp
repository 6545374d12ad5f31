// The memory server keeps the promises of the seam (src/client.hpp) and of ZooKeeper.
#include <turnstile/testing/memory_server.hpp>

#include "support/seam_probe.hpp"

#include <gmock/gmock.h>

#include <limits>

namespace turnstile::test {
namespace {

using ::testing::ElementsAre;
using testing::memory_server;
using testing::memory_server_options;
using ::testing::UnorderedElementsAre;

std::string lost(const std::string& tag) { return tag + ": " + error_code{errc::connection_loss}.message(); }

struct memory_server_test : ::testing::Test {
    memory_server server;
    std::unique_ptr<seam_probe> client = connect();

    std::unique_ptr<seam_probe> connect(detail::session_identity resume = {})
    {
        auto c = std::make_unique<seam_probe>(server.transport(), std::move(resume));
        EXPECT_TRUE(c->connected());
        return c;
    }
    outcome create(const std::string& path, create_mode mode = create_mode::persistent)
    {
        return client->call(op::create{path, "", mode});
    }
};

// ---- Nodes

TEST_F(memory_server_test, CreatesReadsSetsAndErasesANode)
{
    const auto created = client->call(op::create{"/a", "one"});
    ASSERT_TRUE(created.ok());
    EXPECT_EQ(created.path, "/a");
    EXPECT_EQ(created.stat.data_length, 3);

    const auto set = client->call(op::set{"/a", "three", 0});
    ASSERT_TRUE(set.ok());
    EXPECT_EQ(set.stat.version, 1);

    const auto got = client->call(op::get{"/a"});
    EXPECT_EQ(got.data, "three");
    EXPECT_EQ(got.stat, set.stat);
    EXPECT_EQ(client->call(op::exists{"/a"}).stat, set.stat);

    EXPECT_TRUE(client->call(op::erase{"/a", 1}).ok());
    EXPECT_EQ(client->call(op::get{"/a"}).ec, errc::no_node);
    EXPECT_EQ(client->call(op::exists{"/a"}).ec, errc::no_node);
}

TEST_F(memory_server_test, RefusesWhatTheServersRefuse)
{
    EXPECT_EQ(create("/no/parent").ec, errc::no_node);
    EXPECT_EQ(create("/").ec, errc::node_exists);
    ASSERT_TRUE(create("/a").ok());
    EXPECT_EQ(create("/a").ec, errc::node_exists);
    ASSERT_TRUE(create("/a/b").ok());
    EXPECT_EQ(client->call(op::erase{"/a"}).ec, errc::not_empty);
    EXPECT_EQ(client->call(op::erase{"/a", 7}).ec, errc::bad_version);
    EXPECT_EQ(client->call(op::erase{"/c"}).ec, errc::no_node);
    EXPECT_EQ(client->call(op::erase{"/"}).ec, errc::bad_argument);
    EXPECT_EQ(client->call(op::set{"/a", "", 1}).ec, errc::bad_version);
    EXPECT_EQ(client->call(op::set{"/c", ""}).ec, errc::no_node);
    EXPECT_EQ(client->call(op::children{"/c"}).ec, errc::no_node);
    ASSERT_TRUE(create("/e", create_mode::ephemeral).ok());
    EXPECT_EQ(create("/e/child").ec, errc::no_children_for_ephemerals);
}

TEST_F(memory_server_test, KeepsAFullStat)
{
    const auto parent = create("/p").stat;
    const auto child = create("/p/c", create_mode::ephemeral).stat;
    EXPECT_GT(child.czxid, parent.czxid);
    EXPECT_EQ(child.czxid, child.mzxid);
    EXPECT_EQ(child.czxid, child.pzxid);
    EXPECT_EQ(child.ephemeral_owner, client->session());
    EXPECT_GT(child.ctime, 0);

    auto now = server.stat("/p");
    EXPECT_EQ(now.czxid, parent.czxid);
    EXPECT_EQ(now.mzxid, parent.mzxid);
    EXPECT_EQ(now.pzxid, child.czxid);
    EXPECT_EQ(now.cversion, 1);
    EXPECT_EQ(now.num_children, 1);

    client->call(op::erase{"/p/c"});
    now = server.stat("/p");
    EXPECT_EQ(now.cversion, 2) << "a creation and a removal";
    EXPECT_EQ(now.num_children, 0);
    EXPECT_EQ(now.pzxid, server.last_zxid());
    EXPECT_EQ(now.version, 0);
}

TEST_F(memory_server_test, ListsChildrenWithAStatOnlyWhenAskedForIt)
{
    create("/p");
    create("/p/a");
    create("/p/b");
    const auto plain = client->call(op::children{"/p"});
    EXPECT_THAT(plain.children, UnorderedElementsAre("a", "b"));
    EXPECT_EQ(plain.stat, stat{});
    EXPECT_EQ(client->call(op::children{"/p", false, true}).stat.num_children, 2);
}

TEST_F(memory_server_test, NumbersSequentialChildrenByTheirParentsCreations)
{
    create("/q");
    EXPECT_EQ(create("/q/n-", create_mode::persistent_sequential).path, "/q/n-0000000000");
    create("/q/other");
    EXPECT_EQ(create("/q/m-", create_mode::ephemeral_sequential).path, "/q/m-0000000002");
    client->call(op::erase{"/q/m-0000000002"});
    EXPECT_EQ(create("/q/n-", create_mode::persistent_sequential).path, "/q/n-0000000003") << "a removal does not count";
}

TEST_F(memory_server_test, SticksAtTheLastSequenceNumber)
{
    create("/q");
    server.set_sequence("/q", std::numeric_limits<std::int32_t>::max() - 1);
    EXPECT_EQ(create("/q/n-", create_mode::persistent_sequential).path, "/q/n-2147483646");
    EXPECT_EQ(create("/q/n-", create_mode::persistent_sequential).path, "/q/n-2147483647");
    EXPECT_EQ(create("/q/n-", create_mode::persistent_sequential).ec, errc::node_exists);
    EXPECT_EQ(create("/q/m-", create_mode::persistent_sequential).path, "/q/m-2147483647");
}

TEST_F(memory_server_test, ReapsOnlyContainersThatHaveBecomeEmpty)
{
    EXPECT_EQ(create("/fresh", create_mode::container).stat.ephemeral_owner, std::numeric_limits<std::int64_t>::min());
    create("/full", create_mode::container);
    create("/full/child");
    create("/done", create_mode::container);
    EXPECT_TRUE(create("/done/child").ok()) << "a container is no ephemeral";
    client->call(op::erase{"/done/child"});
    EXPECT_EQ(server.reap_containers(), 1u);
    EXPECT_FALSE(server.exists("/done"));
    EXPECT_TRUE(server.exists("/fresh"));
    EXPECT_TRUE(server.exists("/full"));
}

TEST_F(memory_server_test, KeepsAccessControlListsWithoutEnforcingThem)
{
    create("/a");
    EXPECT_EQ(client->call(op::get_acl{"/a"}).access, acl::world_anyone().entries());
    const acl read_only{{acl_entry{permission::read, "world", "anyone"}}};
    EXPECT_EQ(client->call(op::set_acl{"/a", read_only, 3}).ec, errc::bad_version);
    EXPECT_EQ(client->call(op::set_acl{"/a", read_only, 0}).stat.aversion, 1);
    EXPECT_EQ(client->call(op::get_acl{"/a"}).access, read_only.entries());
    EXPECT_TRUE(client->call(op::set{"/a", "still possible"}).ok());
}

TEST_F(memory_server_test, AnswersSyncAndConfig)
{
    EXPECT_TRUE(client->call(op::sync{"/no/matter"}).ok());
    EXPECT_NE(client->call(op::config{}).data.find("version="), std::string::npos);
}

// ---- Transactions

TEST_F(memory_server_test, CommitsATransactionUnderOneZxid)
{
    const auto before = server.last_zxid();
    const auto done = client->call(op::multi{{op::create{"/t"}, op::create{"/t/n-", "", create_mode::ephemeral_sequential},
                                              op::set{"/t", "x", 0}, op::check{"/t", 1}}});
    ASSERT_TRUE(done.ok());
    ASSERT_EQ(done.steps.size(), 4u);
    EXPECT_EQ(done.steps[1].path, "/t/n-0000000000");
    EXPECT_EQ(done.steps[2].stat.mzxid, before + 1);
    EXPECT_EQ(server.last_zxid(), before + 1);
    EXPECT_EQ(server.stat("/t").czxid, server.stat("/t/n-0000000000").czxid);
}

TEST_F(memory_server_test, RollsBackEveryStepOfAFailedTransaction)
{
    create("/t");
    client->call(op::set{"/t", "kept"});
    create("/t/old", create_mode::ephemeral);
    const auto before = server.stat("/t");
    const auto old = server.stat("/t/old");
    auto watcher = connect();
    ASSERT_TRUE(watcher->call(op::children{"/t", true}).ok());

    const auto failed =
        client->call(op::multi{{op::create{"/t/n-", "", create_mode::ephemeral_sequential}, op::erase{"/t/old"},
                                op::set{"/t", "lost"}, op::check{"/t", 99}, op::create{"/t/never"}}});
    EXPECT_EQ(failed.ec, errc::bad_version);
    ASSERT_EQ(failed.steps.size(), 5u);
    for (const std::size_t i : {0u, 1u, 2u, 4u})
        EXPECT_EQ(failed.steps[i].ec, errc::rolled_back) << i;
    EXPECT_EQ(failed.steps[3].ec, errc::bad_version);
    EXPECT_EQ(server.stat("/t"), before);
    EXPECT_EQ(server.data("/t"), "kept");
    EXPECT_EQ(server.stat("/t/old"), old);
    EXPECT_THAT(server.children("/t"), ElementsAre("old"));

    // The ledger of ephemerals was rolled back as well, and no watch was told.
    EXPECT_EQ(create("/t/n-", create_mode::persistent_sequential).path, "/t/n-0000000001");
    EXPECT_TRUE(watcher->saw("children_changed /t"));
    EXPECT_THAT(watcher->lines(), ElementsAre("connected", "children_changed /t"));
    server.expire(client->session());
    EXPECT_THAT(server.children("/t"), ElementsAre("n-0000000001"));
}

TEST_F(memory_server_test, RefusesAContainerInATransactionAtOnce)
{
    EXPECT_EQ(client->send(op::multi{{op::create{"/c", "", create_mode::container}}}), errc::bad_argument);
}

TEST_F(memory_server_test, TakesAnEmptyTransaction) { EXPECT_TRUE(client->call(op::multi{{}}).ok()); }

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

// ---- Watches

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

// ---- Sessions

TEST_F(memory_server_test, ClampsTheSessionTimeout)
{
    const auto negotiated = [this](std::chrono::milliseconds asked) {
        auto settings = seam_probe::settings_for({});
        settings.session_timeout = asked;
        seam_probe c{server.transport(), settings};
        EXPECT_TRUE(c.connected());
        return c.timeout();
    };
    using namespace std::chrono_literals;
    EXPECT_EQ(negotiated(1ms), 4s);
    EXPECT_EQ(negotiated(10s), 10s);
    EXPECT_EQ(negotiated(10min), 40s);
}

TEST_F(memory_server_test, ClosingASessionRemovesItsEphemeralsBeforeItSaysClosed)
{
    create("/mine", create_mode::ephemeral);
    create("/stays");
    client->close();
    EXPECT_FALSE(server.exists("/mine"));
    EXPECT_TRUE(server.exists("/stays"));
    EXPECT_TRUE(server.session_ids().empty());
    client = connect();
}

TEST_F(memory_server_test, LettingGoKeepsTheSessionForTheNextClient)
{
    create("/mine", create_mode::ephemeral);
    const auto identity = client->identity();
    client->close(false);
    EXPECT_TRUE(server.exists("/mine"));
    client = connect(identity);
    EXPECT_EQ(client->session(), identity.id);
    EXPECT_EQ(server.stat("/mine").ephemeral_owner, identity.id);
}

TEST_F(memory_server_test, ADroppedHandleLetsGo)
{
    const auto identity = client->identity();
    server.pause();
    seam_probe dropped{server.transport()};
    dropped.let_go();
    server.resume();
    EXPECT_THAT(server.session_ids(), ElementsAre(identity.id));
}

TEST_F(memory_server_test, ResumingMovesTheSessionAndCutsTheOlderClient)
{
    create("/a");
    client->call(op::get{"/a", true});
    auto heir = connect(client->identity());
    EXPECT_TRUE(client->saw("disconnected"));
    EXPECT_EQ(client->send(op::exists{"/"}), errc::not_connected);
    EXPECT_EQ(server.watch_count(), 0u) << "watches are the client's, not the session's";

    // This is how a session is ended from outside.
    heir->close();
    EXPECT_TRUE(client->saw("expired"));
}

TEST_F(memory_server_test, TheOlderClientComesBackWhenTheNewerLetsGo)
{
    auto heir = connect(client->identity());
    ASSERT_TRUE(client->saw("disconnected"));
    heir->close(false);
    EXPECT_TRUE(client->connected(2));
}

TEST_F(memory_server_test, TellsAClientWithAnUnknownIdentityThatItExpired)
{
    auto wrong = client->identity();
    wrong.password.back() = static_cast<char>(wrong.password.back() + 1);
    seam_probe thief{server.transport(), wrong};
    EXPECT_TRUE(thief.saw("expired"));
    EXPECT_TRUE(thief.quiet("connected"));
    EXPECT_EQ(thief.send(op::exists{"/"}), errc::session_expired);

    auto gone = client->identity();
    client->close();
    seam_probe late{server.transport(), gone};
    EXPECT_TRUE(late.saw("expired"));
    client = connect();
}

TEST_F(memory_server_test, AnExpiryTakesTheEphemeralsAtOnceAndIsToldOnReconnect)
{
    create("/mine", create_mode::ephemeral);
    auto other = connect();
    other->call(op::exists{"/mine", true});
    server.refuse_connections(true);
    server.expire(client->session());
    EXPECT_FALSE(server.exists("/mine"));
    EXPECT_TRUE(other->saw("erased /mine"));
    EXPECT_TRUE(client->saw("disconnected"));
    EXPECT_TRUE(client->quiet("expired"));
    server.refuse_connections(false);
    EXPECT_TRUE(client->saw("expired"));
    EXPECT_THAT(client->lines(), ElementsAre("connected", "disconnected", "expired"));
}

TEST_F(memory_server_test, ExpiresTheOutsiderToo)
{
    server.create("/his", "", create_mode::ephemeral);
    EXPECT_TRUE(server.expire(memory_server::outsider));
    EXPECT_FALSE(server.exists("/his"));
    EXPECT_FALSE(server.expire(4711));
}

TEST_F(memory_server_test, RefusesCredentialsWhenAskedTo)
{
    server.refuse_credentials(true);
    auto settings = seam_probe::settings_for({});
    settings.auth_scheme = "digest";
    settings.auth_secret = "bob:secret";
    seam_probe bob{server.transport(), settings};
    EXPECT_TRUE(bob.saw("auth_failed"));
    EXPECT_TRUE(connect()) << "others are let in";
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

// ---- Test controls

TEST_F(memory_server_test, LetsAHookActBetweenTwoOperations)
{
    create("/a");
    server.on_operation([this](std::int64_t session, const operation& o) {
        EXPECT_EQ(session, client->session());
        if (verb_of(o) == "get")
            server.erase("/a");
    });
    EXPECT_TRUE(client->call(op::exists{"/a"}).ok());
    EXPECT_EQ(client->call(op::get{"/a"}).ec, errc::no_node);
    server.on_operation(nullptr);
}

TEST_F(memory_server_test, AHookThatCutsTheConnectionPreventsTheOperation)
{
    server.on_operation([this](std::int64_t session, const operation&) { server.disconnect(session); });
    client->send(op::create{"/never"}, "create");
    EXPECT_TRUE(client->saw(lost("create")));
    server.on_operation(nullptr);
    EXPECT_FALSE(server.exists("/never"));
}

TEST_F(memory_server_test, LetsTheOutsiderDoEverything)
{
    EXPECT_EQ(server.create("/deep/down/n-", "x", create_mode::persistent_sequential), "/deep/down/n-0000000000");
    EXPECT_EQ(server.data("/deep/down/n-0000000000"), "x");
    EXPECT_EQ(server.set("/deep", "y").version, 1);
    EXPECT_TRUE(server.execute(op::multi{{op::check{"/deep", 1}}}).ok());
    server.erase("/deep/down/n-0000000000");
    EXPECT_THAT(server.children("/deep"), ElementsAre("down"));
    EXPECT_THROW(server.erase("/deep/down/n-0000000000"), error);
    EXPECT_THROW(server.set_sequence("/nowhere", 1), error);
}

TEST_F(memory_server_test, AWipeTurnsAwayWhoHasSeenMore)
{
    create("/a");
    const auto identity = client->identity();
    server.wipe();
    EXPECT_FALSE(server.exists("/a"));
    EXPECT_TRUE(client->saw("disconnected"));
    seam_probe fresh{server.transport(), identity};
    EXPECT_TRUE(fresh.saw("expired")) << "a client that has seen nothing is told";
    EXPECT_TRUE(client->quiet("expired"));
    while (server.last_zxid() < 10)
        server.create("/n-", "", create_mode::persistent_sequential);
    EXPECT_TRUE(client->saw("expired")) << "once the zxids have caught up";
}

TEST_F(memory_server_test, AWipeThatKeepsTheZxidsTellsEverybody)
{
    create("/a");
    server.wipe(true);
    EXPECT_TRUE(client->saw("expired"));
    EXPECT_FALSE(server.exists("/a"));
}

}  // namespace
}  // namespace turnstile::test

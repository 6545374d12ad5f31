// The memory server keeps the promises of ZooKeeper about nodes and transactions, and does what tests tell it.
#include "memory_server_room.hpp"

#include <limits>

namespace turnstile::test {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

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

#include "session_room.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace turnstile::test {

namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

class operations : public session_room {
protected:
    const session s_ = open();
};

}  // namespace

TEST_P(operations, CreateAnswersPathAndStat)
{
    const auto made = wait(s_.create("/a", "one"));
    EXPECT_EQ(made.path, "/a");
    EXPECT_EQ(made.stat.data_length, 3);
    EXPECT_EQ(made.stat.version, 0);
    EXPECT_GT(made.stat.czxid, 0);
    EXPECT_EQ(made.stat.ephemeral_owner, 0);
}

TEST_P(operations, CreateOfEachKind)
{
    wait(s_.create("/p"));
    EXPECT_EQ(wait(s_.create("/e", "", create_mode::ephemeral)).stat.ephemeral_owner, s_.id());
    EXPECT_THAT(wait(s_.create("/p/s-", "", create_mode::persistent_sequential)).path, StartsWith("/p/s-00000000"));
    EXPECT_EQ(wait(s_.create("/p/", "", create_mode::ephemeral_sequential)).path.size(),
              std::string{"/p/0000000000"}.size());
    EXPECT_EQ(wait(s_.create("/c", "", create_mode::container)).path, "/c");
}

TEST_P(operations, CreateIsRefused)
{
    wait(s_.create("/a"));
    wait(s_.create("/e", "", create_mode::ephemeral));
    EXPECT_EQ(failure_of(s_.create("/a")), errc::node_exists);
    EXPECT_EQ(failure_of(s_.create("/no/parent")), errc::no_node);
    EXPECT_EQ(failure_of(s_.create("/e/child")), errc::no_children_for_ephemerals);
}

TEST_P(operations, ContainersAreMadeWithAllThatIsMissing)
{
    wait(s_.create_containers("/a/b/c"));
    wait(s_.create_containers("/a/b/c"));
    wait(s_.create_containers("/"));
    EXPECT_TRUE(wait(s_.exists("/a/b/c")));
    wait(s_.create("/e", "", create_mode::ephemeral));
    EXPECT_EQ(failure_of(s_.create_containers("/e/x")), errc::no_children_for_ephemerals);
    EXPECT_EQ(failure_of(s_.create_containers("a")), errc::bad_path);
}

TEST_P(operations, GetAndSet)
{
    wait(s_.create("/a", std::string{"x\0y", 3}));
    EXPECT_EQ(wait(s_.get("/a")).data, (std::string{"x\0y", 3}));
    EXPECT_EQ(wait(s_.set("/a", "two", 0)).version, 1);
    EXPECT_EQ(wait(s_.set("/a", "")).version, 2);
    EXPECT_EQ(wait(s_.get("/a")).data, "");
    EXPECT_EQ(failure_of(s_.set("/a", "x", 7)), errc::bad_version);
    EXPECT_EQ(failure_of(s_.set("/none", "x")), errc::no_node);
    EXPECT_EQ(failure_of(s_.get("/none")), errc::no_node);
}

TEST_P(operations, Erase)
{
    wait(s_.create("/a"));
    wait(s_.create("/a/b"));
    EXPECT_EQ(failure_of(s_.erase("/a")), errc::not_empty);
    EXPECT_EQ(failure_of(s_.erase("/a/b", 3)), errc::bad_version);
    wait(s_.erase("/a/b"));
    wait(s_.erase("/a", 0));
    EXPECT_EQ(failure_of(s_.erase("/a")), errc::no_node);
}

TEST_P(operations, ExistsIsAnAnswerEitherWay)
{
    wait(s_.create("/a", "12345"));
    EXPECT_EQ(wait(s_.exists("/a")).value().data_length, 5);
    EXPECT_FALSE(wait(s_.exists("/none")));
}

TEST_P(operations, ChildrenAreNames)
{
    wait(s_.create("/a"));
    EXPECT_THAT(wait(s_.children("/a")), IsEmpty());
    wait(s_.create("/a/x"));
    wait(s_.create("/a/y"));
    EXPECT_THAT(wait(s_.children("/a")), UnorderedElementsAre("x", "y"));
    EXPECT_EQ(failure_of(s_.children("/none")), errc::no_node);
}

TEST_P(operations, AclsAreKept)
{
    const acl readers{std::vector<acl_entry>{acl_entry{permission::read | permission::admin, "world", "anyone"}}};
    wait(s_.create("/a", "", create_mode::persistent, readers));
    EXPECT_EQ(wait(s_.get_acl("/a")), readers.entries());
    wait(s_.set_acl("/a", acl::world_anyone()));
    EXPECT_EQ(wait(s_.get_acl("/a")), acl::world_anyone().entries());
    EXPECT_EQ(failure_of(s_.set_acl("/a", readers, 9)), errc::bad_version);
    EXPECT_EQ(failure_of(s_.get_acl("/none")), errc::no_node);
}

TEST_P(operations, SyncComesBack)
{
    wait(s_.sync());
    wait(s_.sync("/none"));
}

TEST_P(operations, ErrorsSayWhatFailed)
{
    try {
        wait(s_.set("/none", "x"));
        FAIL();
    } catch (const error& e) {
        EXPECT_EQ(e.verb(), "set");
        EXPECT_EQ(e.path(), "/none");
    }
}

TEST_P(operations, APipelineIsAnsweredInOrder)
{
    wait(s_.create("/line"));
    pipeline p;
    p.add(op::create{"/line/x-", "", create_mode::ephemeral_sequential})
        .add(op::children{"/line", false, true})
        .add(op::get{"/none"})
        .add(op::set{"/line", "data"});
    const auto answers = wait(s_.run(std::move(p)));
    ASSERT_EQ(answers.size(), 4U);
    ASSERT_EQ(answers[1].children.size(), 1U);
    EXPECT_EQ(answers[0].path, "/line/" + answers[1].children[0]);
    EXPECT_EQ(answers[1].stat.num_children, 1);
    EXPECT_EQ(answers[2].ec, errc::no_node);
    EXPECT_EQ(answers[3].stat.version, 1);
    EXPECT_THAT(wait(s_.run(pipeline{})), IsEmpty());
}

TEST_P(operations, OneAfterTheOtherAreExecutedInTheirOrder)
{
    wait(s_.create("/a"));
    async_runner threads;
    std::vector<running<stat>> all;
    for (int i = 0; i < 200; ++i)
        all.push_back(threads.spawn(s_.set("/a", std::to_string(i), i)));
    for (auto& one : all)
        one.get();
    EXPECT_EQ(wait(s_.get("/a")).data, "199");
}

TEST_P(operations, ATransactionIsAllOrNothing)
{
    wait(s_.create("/a", "old"));
    transaction good;
    good.check("/a", 0).set("/a", "new").create("/a/s-", "", create_mode::ephemeral_sequential).create("/b").erase("/b");
    const auto results = wait(s_.commit(std::move(good)));
    ASSERT_EQ(results.size(), 5U);
    EXPECT_EQ(results[1].stat.version, 1);
    EXPECT_THAT(results[2].path, StartsWith("/a/s-00"));
    EXPECT_EQ(results[3].path, "/b");

    transaction bad;
    bad.set("/a", "lost").check("/a", 77).create("/c");
    EXPECT_EQ(failure_of(s_.commit(std::move(bad))), errc::bad_version);
    EXPECT_EQ(wait(s_.get("/a")).data, "new");
    EXPECT_FALSE(wait(s_.exists("/c")));
}

TEST_P(operations, EachStepOfAFailedTransactionSaysWhy)
{
    wait(s_.create("/a"));
    const auto answer = wait(s_.run(op::multi{{op::set{"/a", "x"}, op::erase{"/none"}, op::create{"/c"}}}));
    EXPECT_EQ(answer.ec, errc::no_node);
    ASSERT_EQ(answer.steps.size(), 3U);
    EXPECT_EQ(answer.steps[0].ec, errc::rolled_back);
    EXPECT_EQ(answer.steps[1].ec, errc::no_node);
    EXPECT_EQ(answer.steps[2].ec, errc::rolled_back);
}

TEST_P(operations, WhatCannotGoIntoATransactionIsRefused)
{
    transaction container;
    container.create("/c", "", create_mode::container);
    EXPECT_EQ(failure_of(s_.commit(std::move(container))), errc::bad_argument);
    EXPECT_EQ(failure_of(s_.commit(transaction{})), errc::bad_argument);
    transaction bad_path;
    bad_path.create("/ok").set("no-slash", "x");
    EXPECT_EQ(failure_of(s_.commit(std::move(bad_path))), errc::bad_path);
    EXPECT_FALSE(wait(s_.exists("/ok")));
}

TEST_P(operations, SessionsThatAreCopiedAreOne)
{
    const session copy = s_;
    EXPECT_EQ(copy, s_);
    wait(copy.create("/e", "", create_mode::ephemeral));
    EXPECT_EQ(wait(s_.exists("/e")).value().ephemeral_owner, s_.id());
    EXPECT_NE(open(), s_);
}

TEST_P(operations, TheLastHandleClosesTheSession)
{
    auto other = open();
    wait(other.create("/e", "", create_mode::ephemeral));
    {
        const session last = std::move(other);
    }
    EXPECT_TRUE(eventually([&] { return !wait(s_.exists("/e")); }));
}

class rooted : public session_room {
protected:
    /// Below the backend's own root.
    session under(const std::string& root)
    {
        auto o = server_->options();
        o.root = o.root == "/" ? root : o.root + root;
        return session::open(std::move(o));
    }
};

TEST_P(rooted, PathsAreWithoutTheRootEverywhere)
{
    const auto s = under("/app/deep");
    const auto outside = open();
    EXPECT_EQ(wait(s.create("/a")).path, "/a");
    EXPECT_TRUE(wait(outside.exists("/app/deep/a")));
    EXPECT_THAT(wait(s.children("/")), ElementsAre("a"));
    EXPECT_THAT(wait(s.create("/a/s-", "", create_mode::persistent_sequential)).path, StartsWith("/a/s-"));
    transaction t;
    t.create("/a/t").set("/a", "x");
    EXPECT_EQ(wait(s.commit(std::move(t)))[0].path, "/a/t");

    watcher w{s};
    wait(s.get("/a", w));
    wait(outside.set("/app/deep/a", "y"));
    EXPECT_EQ(wait(w.next(10s)), (watch_event{watch_event_type::changed, "/a"}));
    watcher root{s};
    wait(s.children("/", root));
    wait(outside.create("/app/deep/b"));
    EXPECT_EQ(wait(root.next(10s)), (watch_event{watch_event_type::children_changed, "/"}));
    try {
        wait(s.get("/none"));
        FAIL();
    } catch (const error& e) {
        EXPECT_EQ(e.path(), "/none");
    }
}

TEST_P(rooted, NothingGetsOutOfTheRoot)
{
    const auto s = under("/app");
    EXPECT_EQ(failure_of(s.create("foo")), errc::bad_path);
    EXPECT_EQ(failure_of(s.get("")), errc::bad_path);
    EXPECT_EQ(failure_of(s.get("/../x")), errc::bad_path);
    EXPECT_EQ(failure_of(s.erase("")), errc::bad_path);
    const auto child = wait(s.create("/", "", create_mode::persistent_sequential)).path;
    EXPECT_EQ(wait(s.children("/")), std::vector<std::string>{child.substr(1)});
    auto outside = wait(open().children("/"));
    std::erase(outside, "zookeeper");
    EXPECT_THAT(outside, ElementsAre("app"));
}

INSTANTIATE_TEST_SUITE_P(on, operations, ::testing::Values(backend_kind::memory, backend_kind::real), name_of);
INSTANTIATE_TEST_SUITE_P(on, rooted, ::testing::Values(backend_kind::memory, backend_kind::real), name_of);

}  // namespace turnstile::test

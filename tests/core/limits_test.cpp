// What never reaches the wire, and what waits for its turn.
#include "session_room.hpp"

#include <turnstile/testing/faults.hpp>

#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

namespace turnstile::test {

namespace {

class limits : public ::testing::Test {
protected:
    session open() { return session::open(options_); }

    /// What has been sent but the heartbeats of nobody.
    std::size_t sent() const { return faults_.operations().size(); }

    testing::memory_server server_;
    testing::faults faults_{server_.transport()};
    int server_paths_ = 0;
    session_options options_ = [this] {
        session_options o;
        o.transport = faults_.transport();
        return o;
    }();
};

}  // namespace

TEST_F(limits, BadPathsNeverReachTheWire)
{
    const auto s = open();
    wait(s.connected());
    watcher w{s};
    for (const std::string path : {"", "a", "a/b", "/a/", "//", "/a//b", "/.", "/a/..", "/a\n", "/\x7f"}) {
        EXPECT_EQ(failure_of(s.create(path)), errc::bad_path) << path;
        EXPECT_EQ(failure_of(s.get(path)), errc::bad_path) << path;
        EXPECT_EQ(failure_of(s.get(path, w)), errc::bad_path) << path;
        EXPECT_EQ(failure_of(s.set(path, "x")), errc::bad_path) << path;
        EXPECT_EQ(failure_of(s.erase(path)), errc::bad_path) << path;
        EXPECT_EQ(failure_of(s.exists(path)), errc::bad_path) << path;
        EXPECT_EQ(failure_of(s.children(path)), errc::bad_path) << path;
        EXPECT_EQ(failure_of(s.sync(path)), errc::bad_path) << path;
        EXPECT_EQ(failure_of(s.get_acl(path)), errc::bad_path) << path;
        EXPECT_EQ(failure_of(s.set_acl(path, acl::world_anyone())), errc::bad_path) << path;
        EXPECT_EQ(failure_of(s.create_containers(path)), errc::bad_path) << path;
        transaction t;
        t.create("/good").check(path);
        EXPECT_EQ(failure_of(s.commit(std::move(t))), errc::bad_path) << path;
        EXPECT_EQ(wait(s.run(op::forget_watches{path})).ec, errc::bad_path) << path;
    }
    EXPECT_EQ(sent(), 0U);
}

TEST_F(limits, OneBadPathStopsItsPipeline)
{
    const auto s = open();
    wait(s.connected());
    pipeline p;
    p.add(op::create{"/good"}).add(op::create{"bad"});
    for (const auto& answer : wait(s.run(std::move(p))))
        EXPECT_EQ(answer.ec, errc::bad_path);
    EXPECT_EQ(sent(), 0U);
}

TEST_F(limits, OversizeNeverReachesTheWire)
{
    const auto s = open();
    wait(s.connected());
    const std::string large(options_.payload_max + 1, 'x');
    EXPECT_EQ(failure_of(s.create("/a", large)), errc::too_large);
    EXPECT_EQ(failure_of(s.set("/a", large)), errc::too_large);
    transaction halves;
    halves.create("/a", large.substr(0, large.size() / 2)).create("/b", large.substr(0, large.size() / 2));
    EXPECT_EQ(failure_of(s.commit(std::move(halves))), errc::too_large);
    transaction many;
    for (int i = 0; i < 50'000; ++i)
        many.check("/a");
    EXPECT_EQ(failure_of(s.commit(std::move(many))), errc::too_large) << "headers count as well";
    EXPECT_EQ(sent(), 0U);
}

TEST_F(limits, WhatStandsAheadInAPipelineDoesNotCountForATransaction)
{
    const auto s = open();
    pipeline p;
    p.add(op::create{"/a", std::string(options_.payload_max, 'x')}).add(op::multi{{op::create{"/b"}}});
    for (const auto& answer : wait(s.run(std::move(p))))
        EXPECT_FALSE(answer.ec) << answer.ec.message();
}

TEST_F(limits, InFlightIsBounded)
{
    options_.in_flight_max = 10;
    const auto s = open();
    wait(s.connected());
    server_.pause();
    std::atomic<int> answered{0};
    for (int i = 0; i < 100; ++i)
        s.core()->fly({op::create{"/n" + std::to_string(i)}}, epoch::none, [&](const std::vector<outcome>& answers) {
            EXPECT_FALSE(answers.front().ec);
            ++answered;
        });
    EXPECT_EQ(sent(), 10U);
    server_.resume();
    EXPECT_TRUE(eventually([&] { return answered == 100; }));
}

TEST_F(limits, APipelineThatIsLargerThanTheLimitGoesAlone)
{
    options_.in_flight_max = 2;
    const auto s = open();
    pipeline p;
    for (int i = 0; i < 10; ++i)
        p.add(op::create{"/n" + std::to_string(i)});
    for (const auto& answer : wait(s.run(std::move(p))))
        EXPECT_FALSE(answer.ec);
}

TEST_F(limits, TheQueueIsBounded)
{
    options_.queued_max = 3;
    server_.refuse_connections(true);
    const auto s = open();
    async_runner other;
    std::vector<running<outcome>> queued;
    for (int i = 0; i < 3; ++i)
        queued.push_back(other.spawn(s.run(op::create{"/n" + std::to_string(i)})));
    EXPECT_FALSE(queued.back().done(20ms));
    EXPECT_EQ(failure_of(s.exists("/a")), errc::too_many_operations);
    queued.back().cancel();
    EXPECT_TRUE(cancelled(queued.back().get().ec));
    queued.pop_back();
    queued.push_back(other.spawn(s.run(op::create{"/last"})));
    server_.refuse_connections(false);
    for (auto& one : queued)
        EXPECT_TRUE(one.get().ok());
    EXPECT_FALSE(server_.exists("/n2")) << "given up before it was sent";
}

/// They once stayed in the queue until the connection came back.
TEST_F(limits, WhatHasBeenGivenUpDoesNotFillTheMemory)
{
    options_.queued_max = 1;
    server_.refuse_connections(true);
    const auto s = open();
    const auto data = std::make_shared<int>(0);
    for (int i = 0; i < 3'000; ++i) {
        auto f = std::make_shared<detail::flight>(std::vector<operation>{op::exists{"/a"}},
                                                  [data](const std::vector<outcome>&) {});
        s.core()->submit(f);
        s.core()->give_up(*f, errc::deadline_exceeded);
    }
    EXPECT_EQ(data.use_count(), 1);
}

TEST_F(limits, WatchesAreBoundedAndForgettingMakesRoom)
{
    options_.watch_bytes_max = 10;
    const auto s = open();
    std::optional<watcher> w{s};
    wait(s.exists("/12345", *w));
    EXPECT_EQ(failure_of(s.exists("/abcde", *w)), errc::too_many_watches);
    EXPECT_FALSE(failure_of(s.exists("/abcde"))) << "without a watch";
    w.emplace(s);
    EXPECT_FALSE(failure_of(s.exists("/abcde", *w)));
}

TEST_F(limits, WatchesThatWereQueuedAreBoundedToo)
{
    options_.watch_bytes_max = 10;
    server_.refuse_connections(true);
    const auto s = open();
    async_runner other;
    watcher w{s};
    auto first = other.spawn(s.exists("/12345", w));
    auto second = other.spawn(s.exists("/abcde", w));
    EXPECT_FALSE(second.done(20ms));
    server_.refuse_connections(false);
    EXPECT_FALSE(failure_of(first));
    EXPECT_EQ(failure_of(second), errc::too_many_watches);
}

TEST_F(limits, EphemeralsAreBoundedAndErasingMakesRoom)
{
    options_.ephemeral_bytes_max = 10;
    const auto s = open();
    wait(s.create("/12345", "", create_mode::ephemeral));
    EXPECT_EQ(failure_of(s.create("/abcde", "", create_mode::ephemeral)), errc::too_many_ephemerals);
    transaction t;
    t.create("/abcde", "", create_mode::ephemeral);
    EXPECT_EQ(failure_of(s.commit(std::move(t))), errc::too_many_ephemerals);
    EXPECT_FALSE(failure_of(s.create("/abcde"))) << "a persistent one";
    wait(s.erase("/12345"));
    EXPECT_FALSE(failure_of(s.create("/12345", "", create_mode::ephemeral)));
    server_.expire_all();
    EXPECT_TRUE(eventually([&] { return !failure_of(s.create("/other", "", create_mode::ephemeral)); }));
}

TEST_F(limits, EphemeralsThatWereQueuedAreBoundedToo)
{
    options_.ephemeral_bytes_max = 10;
    server_.refuse_connections(true);
    const auto s = open();
    async_runner other;
    auto first = other.spawn(s.run(op::create{"/12345", "", create_mode::ephemeral}));
    auto second = other.spawn(s.run(op::create{"/abcde", "", create_mode::ephemeral}));
    EXPECT_FALSE(second.done(20ms));
    server_.refuse_connections(false);
    EXPECT_TRUE(first.get().ok());
    EXPECT_EQ(second.get().ec, errc::too_many_ephemerals);
}

TEST_F(limits, AnOpenDefaultAclIsSaidOnce)
{
    const auto lines_of = [&](auto change) {
        std::ostringstream text;
        auto o = options_;
        o.log = std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_mt>(text));
        change(o);
        {
            const auto s = session::open(o);
            wait(s.connected());
            wait(s.create("/a" + std::to_string(++server_paths_)));
            wait(s.create("/a" + std::to_string(++server_paths_)));
            wait(s.close());
        }
        std::size_t lines = 0;
        const auto all = text.str();
        for (auto at = all.find("world:anyone"); at != std::string::npos; at = all.find("world:anyone", at + 1))
            ++lines;
        return lines;
    };
    EXPECT_EQ(lines_of([](auto&) {}), 1U);
    EXPECT_EQ(lines_of([](auto& o) { o.digest = "me:secret"; }), 0U);
    EXPECT_EQ(lines_of([](auto& o) { o.default_acl = acl::world_anyone(); }), 0U);
}

}  // namespace turnstile::test

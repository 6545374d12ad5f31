// The session on libzookeeper, against a real server and the network's tricks.
#include <turnstile/blocking.hpp>
#include <turnstile/session.hpp>
#include <turnstile/testing/proxy.hpp>
#include <turnstile/testing/server.hpp>

#include <support/async_runner.hpp>
#include <support/eventually.hpp>
#include <support/real_server.hpp>

#include "session_core.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/system_executor.hpp>

#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <iostream>
#include <mutex>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

namespace turnstile::testing {

namespace {

using namespace std::chrono_literals;
using blocking::wait;
using test::async_runner;
using test::eventually;
using test::real_server;

template <class T>
error_code failure_of(boost::asio::awaitable<T> what)
{
    try {
        static_cast<void>(wait(std::move(what)));
    } catch (const boost::system::system_error& e) {
        return e.code();
    }
    return {};
}

std::chrono::milliseconds since(std::chrono::steady_clock::time_point begin)
{
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
}

/// Bound and not listening: who connects is refused.
class dead_port {
public:
    dead_port() : socket_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)}
    {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        ::bind(socket_, reinterpret_cast<const sockaddr*>(&address), size);
        ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
        port_ = ntohs(address.sin_port);
    }
    dead_port(const dead_port&) = delete;
    dead_port& operator=(const dead_port&) = delete;
    ~dead_port() { ::close(socket_); }

    std::string connect_string() const { return "127.0.0.1:" + std::to_string(port_); }

private:
    int socket_;
    std::uint16_t port_ = 0;
};

/// A logger whose text a test can read while others write.
class captured_log {
public:
    std::shared_ptr<spdlog::logger> logger() const { return logger_; }
    std::string text() const
    {
        logger_->flush();
        const std::lock_guard lock{*mutex_};
        return stream_->str();
    }
    std::size_t lines_with(const std::string& part) const
    {
        std::istringstream in{text()};
        std::size_t n = 0;
        for (std::string line; std::getline(in, line);)
            n += line.find(part) != std::string::npos ? 1 : 0;
        return n;
    }

private:
    struct sink final : spdlog::sinks::base_sink<std::mutex> {
        std::shared_ptr<std::mutex> mutex;
        std::shared_ptr<std::ostringstream> stream;

        void sink_it_(const spdlog::details::log_msg& m) override
        {
            spdlog::memory_buf_t formatted;
            formatter_->format(m, formatted);
            const std::lock_guard lock{*mutex};
            stream->write(formatted.data(), static_cast<std::streamsize>(formatted.size()));
        }
        void flush_() override {}
    };

    std::shared_ptr<std::mutex> mutex_ = std::make_shared<std::mutex>();
    std::shared_ptr<std::ostringstream> stream_ = std::make_shared<std::ostringstream>();
    std::shared_ptr<spdlog::logger> logger_ = [this] {
        auto s = std::make_shared<sink>();
        s->mutex = mutex_;
        s->stream = stream_;
        auto l = std::make_shared<spdlog::logger>("test", std::move(s));
        l->set_level(spdlog::level::trace);
        return l;
    }();
};

std::string fresh_path()
{
    static std::atomic<int> last{0};
    return "/session-" + std::to_string(::getpid()) + "-" + std::to_string(++last);
}

}  // namespace

// ---- Connecting -------------------------------------------------------------------------------------------------

TEST(session, NegotiatesItsTimeout)
{
    for (const auto& [asked, granted] : {std::pair{100ms, 200ms}, {700ms, 700ms}, {60'000ms, 2'000ms}}) {
        session_options o{real_server().connect_string()};
        o.session_timeout = asked;
        const auto s = session::open(o);
        wait(s.connected(20s));
        EXPECT_EQ(s.timeout(), granted);
    }
}

TEST(session, FailsOverBetweenTwoAddressesEveryTime)
{
    const dead_port dead;
    proxy net{real_server().connect_string()};
    for (const auto& servers :
         {dead.connect_string() + "," + net.connect_string(), net.connect_string() + "," + dead.connect_string()}) {
        session_options o{servers};
        o.session_timeout = 2s;
        const auto s = session::open(o);
        wait(s.connected(20s));
        const auto id = s.id();
        for (int i = 0; i < 8; ++i) {
            net.cut();
            ASSERT_FALSE(failure_of(s.exists("/", 10s))) << servers << ", cut " << i;
        }
        EXPECT_EQ(s.id(), id) << "in the same session";
    }
}

TEST(session, RecoversWhenANameResolvesAgainAndSaysWhenItDoesNot)
{
    captured_log log;
    session_options o{"no-such-host.invalid"};
    o.log = log.logger();
    const auto lost = session::open(o);
    EXPECT_EQ(failure_of(lost.exists("/", 700ms)), errc::not_connected);
    EXPECT_GE(log.lines_with("cannot resolve no-such-host.invalid"), 1U);
    EXPECT_LE(log.lines_with("cannot resolve"), 6U);
    wait(lost.close());

    session_options half{"no-such-host.invalid:2181," + real_server().connect_string()};
    EXPECT_FALSE(failure_of(session::open(half).exists("/", 20s)));
}

// ---- A network that fails ---------------------------------------------------------------------------------------

TEST(session, InABlackHoleOperationsFailWithinTheirDeadline)
{
    proxy net{real_server().connect_string()};
    session_options o{net.connect_string()};
    o.session_timeout = 1s;
    const auto s = session::open(o);
    wait(s.connected(20s));
    net.stall();
    for (const auto patience : {50ms, 300ms, 1'200ms}) {
        const auto begin = std::chrono::steady_clock::now();
        const auto ec = failure_of(s.set("/none", "x", any_version, patience));
        EXPECT_TRUE(ec == errc::deadline_exceeded || in_doubt(ec) || ec == errc::not_connected) << ec.message();
        EXPECT_LT(since(begin), patience + 500ms);
    }
    net.resume();
    EXPECT_FALSE(failure_of(s.exists("/", 20s)));
}

TEST(session, AWriteWhoseReplyIsLostIsInDoubtAndHasHappened)
{
    proxy net{real_server().connect_string()};
    const auto s = session::open(session_options{net.connect_string()});
    wait(s.connected(20s));
    const auto path = fresh_path();
    net.cut_before_reply(proxy_opcode::create2);
    EXPECT_TRUE(in_doubt(failure_of(s.create(path))));
    EXPECT_TRUE(wait(s.exists(path, 20s)));
}

TEST(session, WatchesSurviveALostConnection)
{
    proxy net{real_server().connect_string()};
    const auto s = session::open(session_options{net.connect_string()});
    const auto outsider = session::open(session_options{real_server().connect_string()});
    const auto path = fresh_path();
    wait(s.create(path));
    watcher w{s};
    wait(s.get(path, w));
    net.refuse();
    ASSERT_TRUE(eventually([&] { return s.state() == connection_state::suspended; }));
    wait(outsider.set(path, "meanwhile"));
    net.accept();
    const auto event = wait(w.next(20s));
    ASSERT_TRUE(event);
    EXPECT_EQ(event->type, watch_event_type::changed);
    EXPECT_EQ(event->path, path);
}

TEST(session, FortyThousandWatchesReconnectInAboutASecond)
{
    constexpr int count = 40'000;
    proxy net{real_server().connect_string()};
    session_options o{net.connect_string()};
    o.session_timeout = 2s;
    const auto s = session::open(o);
    wait(s.connected(20s));
    std::vector<watcher> watchers;
    watchers.reserve(count);
    std::atomic<int> left{0};
    std::atomic<int> refused{0};
    for (int i = 0; i < count; ++i) {
        auto& w = watchers.emplace_back(s);
        pipeline p;
        p.add(op::exists{"/w/" + std::to_string(i)}, w);
        boost::asio::co_spawn(boost::asio::system_executor{}, s.run(std::move(p), 60s),
                              [&](std::exception_ptr, std::vector<outcome> answers) {
                                  refused += answers.front().ec != errc::no_node ? 1 : 0;
                                  ++left;
                              });
    }
    ASSERT_TRUE(eventually([&] { return left == count; }, 120s));
    ASSERT_EQ(refused, 0);
    const auto id = s.id();
    const auto begin = std::chrono::steady_clock::now();
    net.cut();
    ASSERT_TRUE(eventually([&] { return s.state() != connection_state::connected; }));
    ASSERT_FALSE(failure_of(s.exists("/", 60s)));
    const auto took = since(begin);
    std::cout << count << " watches were back after " << took.count() << " ms\n";
    RecordProperty("reconnect_ms", static_cast<int>(took.count()));
    EXPECT_EQ(s.id(), id);
    EXPECT_LT(took, 20s);
    const auto outsider = session::open(session_options{real_server().connect_string()});
    wait(outsider.create_containers("/w"));
    wait(outsider.create("/w/777"));
    EXPECT_TRUE(wait(watchers[777].next(20s)));
    wait(outsider.erase("/w/777"));
    wait(s.close());
}

TEST(session, CountsNoMoreConnectsThanItMustWhileTheServerIsAway)
{
    proxy net{real_server().connect_string()};
    session_options o{net.connect_string()};
    o.session_timeout = 1s;
    const auto s = session::open(o);
    wait(s.connected(20s));
    net.refuse();
    for (int i = 0; i < 20; ++i)
        failure_of(s.exists("/", 50ms));
    net.accept();
    EXPECT_FALSE(failure_of(s.exists("/", 20s)));
    EXPECT_LE(net.counters().connects, 20U);
}

// ---- A server that fails ----------------------------------------------------------------------------------------

TEST(session, RecoversFromARestart)
{
    server zk;
    session_options o{zk.connect_string()};
    o.session_timeout = 2s;
    const auto s = session::open(o);
    const auto path = fresh_path();
    wait(s.create(path, "kept", create_mode::persistent, {}, 20s));
    zk.restart();
    EXPECT_EQ(wait(s.get(path, 30s)).data, "kept");
    zk.kill();
    zk.start();
    EXPECT_EQ(wait(s.get(path, 30s)).data, "kept");
}

TEST(session, RecoversFromAServerThatHasForgottenEverything)
{
    server zk;
    session_options o{zk.connect_string()};
    o.session_timeout = 1s;
    o.root = "/app";
    const auto s = session::open(o);
    wait(s.create("/a", "", create_mode::ephemeral, {}, 20s));
    const auto first = s.epoch();
    zk.stop();
    zk.wipe();
    zk.start();
    EXPECT_TRUE(eventually([&] { return !failure_of(s.create("/b", "", create_mode::persistent, {}, 1s)); }, 40s));
    EXPECT_NE(s.epoch(), first);
    EXPECT_FALSE(wait(s.exists("/a", 20s)));
}

TEST(session, RecoversFromAServerThatWasStopped)
{
    server zk;
    session_options o{zk.connect_string()};
    o.session_timeout = 1s;
    const auto s = session::open(o);
    wait(s.connected(20s));
    zk.pause();
    ASSERT_TRUE(eventually([&] { return s.state() != connection_state::connected; }));
    zk.resume();
    EXPECT_FALSE(failure_of(s.exists("/", 30s)));
}

TEST(session, IsNotClosedByTheEndOfItsServer)
{
    server zk;
    const auto s = session::open(session_options{zk.connect_string()});
    wait(s.connected(20s));
    zk.kill();
    const auto begin = std::chrono::steady_clock::now();
    wait(s.close());
    EXPECT_LT(since(begin), 10s);
}

// ---- The log ----------------------------------------------------------------------------------------------------

TEST(session, LogsNoCredentials)
{
    captured_log log;
    server zk;
    session_options o{zk.connect_string()};
    o.session_timeout = 500ms;
    o.digest = "canary-user:canary-password";
    o.log = log.logger();
    {
        const auto s = session::open(o);
        wait(s.create("/a", "canary-data", create_mode::persistent, {}, 20s));
        zk.restart();
        EXPECT_FALSE(failure_of(s.exists("/a", 30s)));
        zk.stop();
        failure_of(s.set("/a", "canary-data", any_version, 500ms));
        wait(s.close());
    }
    const auto text = log.text();
    EXPECT_NE(text.find("connected"), std::string::npos) << "there is a log";
    EXPECT_EQ(text.find("canary"), std::string::npos) << text;
}

TEST(session, DoesNotLogEveryAttemptWhileTheServerIsDown)
{
    captured_log log;
    server zk;
    session_options o{zk.connect_string()};
    o.session_timeout = 300ms;
    o.retry_delay_max = 50ms;
    o.log = log.logger();
    const auto s = session::open(o);
    wait(s.connected(20s));
    zk.stop();
    const auto until = std::chrono::steady_clock::now() + 5s;
    while (std::chrono::steady_clock::now() < until)
        failure_of(s.exists("/", 200ms));
    EXPECT_LE(log.lines_with(""), 25U) << log.text();
    EXPECT_LE(log.lines_with("libzookeeper"), 12U);
    zk.start();
    EXPECT_FALSE(failure_of(s.exists("/", 30s)));
}

// ---- Credentials ------------------------------------------------------------------------------------------------

TEST(session, WhatTheCreatorOwnsNobodyElseTouches)
{
    session_options mine{real_server().connect_string()};
    mine.digest = "me:secret";
    const auto owner = session::open(mine);
    const auto path = fresh_path();
    wait(owner.create(path, "data"));
    EXPECT_EQ(wait(owner.get_acl(path)).front().scheme, "digest");
    EXPECT_EQ(wait(owner.get(path)).data, "data");
    wait(owner.create(path + "/child"));

    auto wrong = mine;
    wrong.digest = "me:wrong";
    auto nobody = mine;
    nobody.digest.clear();
    for (const auto& o : {wrong, nobody}) {
        const auto other = session::open(o);
        EXPECT_EQ(failure_of(other.get(path)), errc::no_auth);
        EXPECT_EQ(failure_of(other.set(path, "x")), errc::no_auth);
        EXPECT_EQ(failure_of(other.create(path + "/x")), errc::no_auth);
        EXPECT_EQ(failure_of(other.erase(path + "/child")), errc::no_auth);
    }
    EXPECT_FALSE(failure_of(session::open(mine).get(path))) << "another session of the same identity";
}

TEST(session, KeepsItsCredentialsOverReconnects)
{
    proxy net{real_server().connect_string()};
    session_options o{net.connect_string()};
    o.digest = "me:secret";
    const auto s = session::open(o);
    const auto path = fresh_path();
    wait(s.create(path, "data"));
    net.cut();
    EXPECT_EQ(wait(s.get(path, 20s)).data, "data");
}

TEST(session, CreatorAllWithoutCredentialsIsRefused)
{
    session_options o{real_server().connect_string()};
    o.default_acl = acl::creator_all();
    EXPECT_EQ(failure_of(session::open(o).create(fresh_path())), errc::invalid_acl);
}

// ---- fork -------------------------------------------------------------------------------------------------------

namespace {

/// What a child finds wrong, as its exit status.
int in_a_forked_child(std::optional<session>& inherited, const std::string& path)
{
    if (failure_of(inherited->exists(path)) != errc::forked)
        return 1;
    if (failure_of(inherited->connected(5s)) != errc::forked)
        return 2;
    if (failure_of(inherited->close()))
        return 3;
    inherited.reset();
    const auto own = session::open(session_options{real_server().connect_string()});
    if (failure_of(own.set(path, "child", any_version, 20s)))
        return 4;
    if (failure_of(own.close()))
        return 5;
    return 0;
}

}  // namespace

TEST(session, IsUselessInAForkedChildWhichMayOpenItsOwn)
{
#if defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "ThreadSanitizer does not follow a fork of threads that begins threads of its own";
#endif
    std::optional<session> s = session::open(session_options{real_server().connect_string()});
    const auto path = fresh_path();
    wait(s->create(path, "", create_mode::ephemeral));
    const auto id = s->id();
    const auto child = ::fork();
    if (child == 0)
        ::_exit(in_a_forked_child(s, path));
    int status = -1;
    ASSERT_TRUE(eventually([&] { return ::waitpid(child, &status, WNOHANG) == child; }, 30s)) << "the child hangs";
    ASSERT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 0);
    EXPECT_EQ(wait(s->get(path, 20s)).data, "child") << "and the parent's session lives";
    EXPECT_EQ(s->id(), id);
}

}  // namespace turnstile::testing

#include <turnstile/testing/server.hpp>

#include <support/eventually.hpp>
#include <support/raw_client.hpp>
#include <support/real_server.hpp>

#include <gtest/gtest.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>

namespace turnstile::testing {

namespace {

using namespace std::chrono_literals;
using test::eventually;
using test::raw_client;
using test::real_server;

bool exists(const server& zk, std::string_view path)
{
    raw_client client{zk.port()};
    return client.shake_hands() && client.exists(path);
}

void create(const server& zk, std::string_view path)
{
    raw_client client{zk.port()};
    ASSERT_TRUE(client.shake_hands());
    ASSERT_EQ(client.create(path), 0);
}

/// Gone, or a zombie that its new parent has not buried yet.
bool dead(pid_t pid)
{
    std::ifstream in{"/proc/" + std::to_string(pid) + "/stat"};
    std::string number;
    std::string name;
    std::string state;
    in >> number >> name >> state;
    return !in || state == "Z";
}

}  // namespace

TEST(server, Serves)
{
    EXPECT_EQ(real_server().four_letter("ruok"), "imok");
    EXPECT_NE(real_server().four_letter("srvr").find("Mode: standalone"), std::string::npos);
    EXPECT_EQ(real_server().connect_string(), "127.0.0.1:" + std::to_string(real_server().port()));
}

TEST(server, StartsInASecondOrTwo)
{
    const auto begin = std::chrono::steady_clock::now();
    const server zk;
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
    RecordProperty("start_ms", static_cast<int>(took.count()));
    EXPECT_LT(took, 15s);  // half a second on an idle machine
}

TEST(server, TellsItsMetrics)
{
    const auto before = real_server().metric("zk_ephemerals_count");
    raw_client client{real_server().port()};
    ASSERT_TRUE(client.shake_hands());
    ASSERT_EQ(client.create("/metrics", {}, true), 0);
    EXPECT_EQ(real_server().metric("zk_ephemerals_count"), before + 1);
    EXPECT_THROW(static_cast<void>(real_server().metric("zk_no_such_count")), std::runtime_error);
}

TEST(server, SessionsAreAsShortAsItsTickAllows)
{
    raw_client client{real_server().port()};
    ASSERT_TRUE(client.shake_hands(1ms));
    ASSERT_EQ(client.create("/short", {}, true), 0);
    const auto silent_since = std::chrono::steady_clock::now();
    ASSERT_TRUE(eventually([] { return !exists(real_server(), "/short"); }));
    EXPECT_LT(std::chrono::steady_clock::now() - silent_since, 5s);
}

TEST(server, KeepsItsDataOverStopAndCrash)
{
    server zk;
    const auto port = zk.port();
    create(zk, "/first");
    zk.restart();
    EXPECT_EQ(zk.port(), port);
    EXPECT_TRUE(exists(zk, "/first"));

    create(zk, "/second");
    zk.kill();
    EXPECT_EQ(zk.pid(), 0);
    EXPECT_FALSE(raw_client{port}.connected());
    zk.start();
    EXPECT_TRUE(exists(zk, "/first"));
    EXPECT_TRUE(exists(zk, "/second"));
}

TEST(server, ForgetsAllWhenWiped)
{
    server zk;
    create(zk, "/gone");
    EXPECT_THROW(zk.wipe(), std::logic_error);
    zk.stop();
    zk.wipe();
    zk.start();
    EXPECT_FALSE(exists(zk, "/gone"));
}

TEST(server, PausedTakesConnectionsAndAnswersNothing)
{
    server zk;
    zk.pause();
    raw_client client{zk.port()};
    ASSERT_TRUE(client.connected());
    client.send(raw_client::connect_request(2s));
    EXPECT_EQ(client.receive(300ms).what, test::heard::silence);
    zk.resume();
    EXPECT_EQ(client.receive().what, test::heard::reply);
}

TEST(server, CanBeStoppedWhilePaused)
{
    server zk;
    zk.pause();
    zk.stop();
    EXPECT_EQ(zk.pid(), 0);
}

TEST(server, TakesMoreConfiguration)
{
    server_options options;
    options.extra_config = {"maxSessionTimeout=60000"};
    options.java_options = {"-Dznode.container.checkIntervalMs=200"};
    const server zk{options};
    EXPECT_NE(zk.four_letter("conf").find("maxSessionTimeout=60000"), std::string::npos);
    EXPECT_TRUE(eventually([&] { return zk.log_tail().find("checkIntervalMs=200") != std::string::npos; }));
}

TEST(server, ShowsWhyItDidNotStart)
{
    server_options options;
    options.extra_config = {"tickTime=none"};
    try {
        const server zk{options};
        FAIL() << "started";
    } catch (const std::runtime_error& e) {
        EXPECT_NE(std::string{e.what()}.find("NumberFormatException"), std::string::npos) << e.what();
    }
}

TEST(server, NamesThePackageOfAMissingJava)
{
    const std::string path = std::getenv("PATH");
    ::setenv("PATH", "/nowhere", 1);
    ::unsetenv("JAVA_HOME");
    try {
        const server zk;
        ADD_FAILURE() << "started";
    } catch (const std::runtime_error& e) {
        EXPECT_NE(std::string{e.what()}.find("openjdk-17-jre-headless"), std::string::npos) << e.what();
    }
    ::setenv("PATH", path.c_str(), 1);
}

TEST(server, InheritsNoDescriptor)
{
    std::array<int, 2> leaky{};
    ASSERT_EQ(::pipe(leaky.data()), 0);  // without O_CLOEXEC, as libzookeeper makes them
    const server zk;
    ::close(leaky[1]);
    char nothing = 0;
    // End of file: nobody else holds the writing end. A leak would block here for ever.
    ASSERT_EQ(::fcntl(leaky[0], F_SETFL, O_NONBLOCK), 0);
    EXPECT_EQ(::read(leaky[0], &nothing, 1), 0);
    ::close(leaky[0]);
}

TEST(server, LeavesNothingBehind)
{
    namespace fs = std::filesystem;
    const auto scratch = fs::path{::testing::TempDir()} / ("leaves-nothing-" + std::to_string(::getpid()));
    fs::create_directory(scratch);
    ::setenv("TMPDIR", scratch.c_str(), 1);
    pid_t pid = 0;
    {
        const server zk;
        pid = zk.pid();
        EXPECT_FALSE(fs::is_empty(scratch));
    }
    ::unsetenv("TMPDIR");
    EXPECT_TRUE(dead(pid));
    EXPECT_TRUE(fs::is_empty(scratch));
    fs::remove_all(scratch);
}

/// A process that starts a server (server_parent.cpp), and what becomes of the server when that process ends badly.
class orphaned_server : public ::testing::Test {
protected:
    void SetUp() override
    {
        std::filesystem::create_directory(scratch_);
        std::array<int, 2> told{};
        ASSERT_EQ(::pipe(told.data()), 0);
        parent_ = ::fork();
        if (parent_ == 0) {
            ::dup2(told[1], STDOUT_FILENO);
            ::setenv("TMPDIR", scratch_.c_str(), 1);  // its directory stays behind
            ::execl(SERVER_PARENT, SERVER_PARENT, nullptr);
            ::_exit(127);
        }
        ::close(told[1]);
        const auto size = ::read(told[0], &server_, sizeof server_);
        ::close(told[0]);
        ASSERT_EQ(size, static_cast<ssize_t>(sizeof server_));
        ASSERT_FALSE(dead(server_));
    }
    void TearDown() override { std::filesystem::remove_all(scratch_); }

    void end_parent(int signal) const
    {
        ::kill(parent_, signal);
        ::waitpid(parent_, nullptr, 0);
    }

    const std::filesystem::path scratch_ =
        std::filesystem::path{::testing::TempDir()} / ("orphaned-server-" + std::to_string(::getpid()));
    pid_t parent_ = 0;
    pid_t server_ = 0;
};

TEST_F(orphaned_server, DiesWithAKilledParent)
{
    end_parent(SIGKILL);
    EXPECT_TRUE(eventually([this] { return dead(server_); }));
}

TEST_F(orphaned_server, DiesWithACrashedParent)
{
    end_parent(SIGABRT);
    EXPECT_TRUE(eventually([this] { return dead(server_); }));
}

TEST(server, OutlivesTheThreadThatMadeIt)
{
    std::unique_ptr<server> zk;
    std::thread{[&] { zk = std::make_unique<server>(); }}.join();
    EXPECT_EQ(zk->four_letter("ruok"), "imok");
    EXPECT_NE(zk->pid(), 0);
}

TEST(server, IsInertInAFork)
{
    auto zk = std::make_unique<server>();
    const pid_t child = ::fork();
    if (child == 0) {
        zk.reset();
        ::_exit(0);
    }
    int status = -1;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
    EXPECT_EQ(zk->four_letter("ruok"), "imok");
}

}  // namespace turnstile::testing

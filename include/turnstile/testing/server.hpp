// A real ZooKeeper server, for tests: one standalone process on a free port of 127.0.0.1, with a private directory.
//
//     testing::server zk;
//     session s = session::open(session_options{zk.connect_string()});
//     zk.kill();  zk.start();                      // the same data, the same port
//
// Needs ZooKeeper's jars and a Java runtime; on Debian: libzookeeper-java, openjdk-17-jre-headless.
//
// Promise: the process ends with this object, and also when the process that made it crashes or is killed. (Its directory,
// in $TMPDIR, is removed by the destructor only.) It inherits no descriptor. In a forked child the object is inert.
// Costs: a start takes half a second of one core and some 100 MB.
// Thread safety: const members from any thread; one thread at a time starts, stops and pauses.
#pragma once

#include <turnstile/testing/export.hpp>

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace turnstile::inline v0::testing {

struct server_options {
    /// ZooKeeper's unit of time: session timeouts are 2 to 20 ticks. 100 ms makes sessions of 200 ms to 2 s.
    std::chrono::milliseconds tick{100};

    /// Whether a write is really on the disk before it is acknowledged. A test seldom crashes its machine.
    bool fsync = false;

    /// More lines for zoo.cfg, which win over ours: "snapCount=100".
    std::vector<std::string> extra_config;

    /// More arguments for java, which win over ours: "-Dznode.container.checkIntervalMs=200".
    std::vector<std::string> java_options;

    /// How long a start may take. A loaded machine under a sanitizer needs seconds, not half of one.
    std::chrono::seconds start_patience{30};

    /// 0: a free one.
    std::uint16_t port = 0;

    /// Where ZooKeeper's classes are, as for `java -cp`; empty: Debian's jars.
    std::string class_path;

    server_options() = default;
};

class TURNSTILE_TESTING_EXPORT server {
public:
    /// Returns when the server serves. Throws std::runtime_error that names the Debian package that is missing, or shows the
    /// end of the server's log.
    explicit server(server_options options = server_options{});
    server(const server&) = delete;
    server& operator=(const server&) = delete;
    /// Kills the server and removes its directory.
    ~server();

    /// "127.0.0.1:port"
    std::string connect_string() const;
    std::uint16_t port() const noexcept;
    /// 0 while it does not run.
    pid_t pid() const;

    /// Ends it as an operator does (SIGTERM), and waits for that. Without effect when it does not run.
    void stop();
    /// Starts it again: the same data, the same port. Returns when it serves. Without effect when it runs.
    void start();
    void restart();
    /// Ends it as a crash does (SIGKILL).
    void kill();
    /// Forgets every node and session. The server must be stopped; throws std::logic_error otherwise.
    void wipe();

    /// Freezes the process: connections stay, and nothing answers (SIGSTOP).
    void pause();
    /// Its clock has gone on meanwhile: sessions may expire at once.
    void resume();

    /// A slow disk: from now on everything that the server forces to it takes so much longer, and so does every write that
    /// waits for it. 0 ends it. Holds over restarts.
    void delay_fsync(std::chrono::milliseconds by);

    /// The answer to "ruok", "srvr", "mntr", "wchs", "cons", "dump" ... Throws std::runtime_error when none comes within
    /// five seconds.
    std::string four_letter(std::string_view word) const;
    /// One number of "mntr": zk_watch_count, zk_ephemerals_count, zk_znode_count ... Throws std::runtime_error when there is
    /// no such.
    std::int64_t metric(std::string_view name) const;

    /// The last lines that the server has logged.
    std::string log_tail() const;

private:
    class impl;
    std::unique_ptr<impl> impl_;
};

}  // namespace turnstile::inline v0::testing

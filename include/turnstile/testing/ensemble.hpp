// A real ZooKeeper ensemble, for tests: several servers as local processes on free ports of 127.0.0.1, and the network
// between them at the test's command.
//
//     testing::ensemble zk;                                    // three servers
//     session s = session::open(session_options{zk.connect_string()});
//     zk.kill_leader();
//     zk.wait_for_leader();                                    // another one
//     zk.isolate(*zk.server_of(s.id()));                       // it hears nothing of the others, and s hears it
//
// Members are numbered from 0. Needs what testing::server needs, and no root.
//
// Promise: the servers end with this object, and also when the process that made it crashes or is killed. They see each
// other through relays that we own, so a member can be cut off from the others and still be reached by its clients. In a
// forked child the object is inert.
// Costs: three servers serve after one to three seconds, and take some 300 MB. One thread.
// Thread safety: const members from any thread; one thread at a time calls the others.
#pragma once

#include <turnstile/testing/export.hpp>
#include <turnstile/testing/server.hpp>

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace turnstile::inline v0::testing {

struct ensemble_options {
    /// How many servers. An even number tolerates no more failures than one fewer.
    std::size_t size = 3;

    /// What every member is like. `port` is not looked at.
    server_options member;

    ensemble_options() = default;
};

/// What a server says that it is.
enum class member_role {
    none,  ///< it does not run, does not answer within a second, or looks for a leader
    leader,
    follower,
};

class TURNSTILE_TESTING_EXPORT ensemble {
public:
    /// Returns when all members serve. Throws std::runtime_error that names the Debian package that is missing, or shows
    /// the end of the log of the member that did not start.
    explicit ensemble(ensemble_options options = ensemble_options{});
    ensemble(const ensemble&) = delete;
    ensemble& operator=(const ensemble&) = delete;
    /// Kills the servers and removes their directories.
    ~ensemble();

    std::size_t size() const noexcept;

    /// "127.0.0.1:port,127.0.0.1:port,...": all members, one, or all but one.
    std::string connect_string() const;
    std::string connect_string(std::size_t member) const;
    std::string connect_string_without(std::size_t member) const;
    std::uint16_t port(std::size_t member) const;
    /// 0 while it does not run.
    pid_t pid(std::size_t member) const;

    // ---- Who is who

    member_role role(std::size_t member) const;
    /// The member that leads those that are up: neither paused nor isolated. Of two that say so, the one elected later.
    std::optional<std::size_t> leader() const;
    /// The member that the session with this id is connected to; nullopt when no member that answers knows of one. Of two
    /// (the earlier may not have noticed yet), the one that it connected to last.
    std::optional<std::size_t> server_of(std::int64_t session) const;

    /// Until a majority of the members is up and serves under one leader. Throws std::runtime_error that says what each
    /// member is doing when `patience` is over first.
    void wait_for_quorum(std::chrono::milliseconds patience = std::chrono::seconds{30}) const;
    /// The same, and tells who leads.
    std::size_t wait_for_leader(std::chrono::milliseconds patience = std::chrono::seconds{30}) const;
    /// Until this member serves. Throws as wait_for_quorum().
    void wait_until_serving(std::size_t member, std::chrono::milliseconds patience = std::chrono::seconds{30}) const;

    // ---- One member. Each is without effect when there is nothing to do.

    /// Ends it as an operator does (SIGTERM), and waits for that.
    void stop(std::size_t member);
    /// Ends it as a crash does (SIGKILL).
    void kill(std::size_t member);
    /// The same data, the same ports. Returns when it serves; or at once, when too few others are up for that.
    void start(std::size_t member);
    void restart(std::size_t member);
    /// Freezes the process: connections stay, and nothing answers (SIGSTOP).
    void pause(std::size_t member);
    void resume(std::size_t member);
    /// Forgets every node and session of a stopped member; it gets them from the others again. Throws std::logic_error when
    /// it runs.
    void wipe(std::size_t member);

    /// Cuts it off from the other members, as a black hole does: connections stay, and nothing passes. Its clients still
    /// reach it, and it goes on serving them reads until it notices.
    void isolate(std::size_t member);
    /// What was held back arrives late.
    void heal(std::size_t member);
    /// Makes it lag: all that passes between it and the other members takes so much longer, each way. 0 ends it.
    void delay(std::size_t member, std::chrono::milliseconds each_way);
    /// A slow disk: everything that it forces to its disk takes so much longer. 0 ends it. Holds over restarts.
    void delay_fsync(std::size_t member, std::chrono::milliseconds by);

    // ---- All members

    /// Kills the leader, and tells who that was. Waits for a leader first.
    std::size_t kill_leader();
    void stop_all();
    void kill_all();
    /// Returns when all that are not isolated serve.
    void start_all();
    /// All are down before the first is up again.
    void restart_all();
    /// One after the other, the leader last; the next one when the last one serves. Sessions survive it whose timeouts are
    /// longer than an election.
    void rolling_restart();
    /// Forgets every node and session. Stops the members first, if any runs, and starts none.
    void wipe_all();
    /// Resumes all that are paused, heals all that are isolated, ends delays, starts all that do not run, and returns when
    /// all serve.
    void repair();

    // ---- Figures

    /// The answer of one member, as testing::server::four_letter.
    std::string four_letter(std::size_t member, std::string_view word) const;
    /// One number of "mntr" of one member.
    std::int64_t metric(std::size_t member, std::string_view name) const;
    /// The same, summed over the members that serve: zk_watch_count, zk_num_alive_connections ...
    std::int64_t metric(std::string_view name) const;

    /// The last lines that a member has logged.
    std::string log_tail(std::size_t member) const;

private:
    class impl;
    std::unique_ptr<impl> impl_;
};

}  // namespace turnstile::inline v0::testing

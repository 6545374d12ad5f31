// The real ZooKeeper that the tests run on, chosen by the environment:
//
//     TURNSTILE_TEST_BACKEND=server      one server (the default)
//     TURNSTILE_TEST_BACKEND=ensemble    a local ensemble of three
//     TURNSTILE_TEST_BACKEND=docker      the dockerised ensemble, which must be up: `make test-ensemble`
//
// One for all tests of a binary, started when the first one asks. Tests share it, so they use paths of their own, and leave
// it as they found it: see repair().
#pragma once

#include <turnstile/testing/ensemble.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace turnstile::test {

class zookeeper_under_test {
public:
    zookeeper_under_test() = default;
    zookeeper_under_test(const zookeeper_under_test&) = delete;
    zookeeper_under_test& operator=(const zookeeper_under_test&) = delete;
    virtual ~zookeeper_under_test() = default;

    // What each kind does in its own way.
    virtual std::size_t size() const = 0;
    virtual std::uint16_t port(std::size_t member) const = 0;
    virtual void kill(std::size_t member) = 0;
    /// Returns when it serves; or at once, when too few others are up for that.
    virtual void start(std::size_t member) = 0;
    virtual void pause(std::size_t member) = 0;
    virtual void resume(std::size_t member) = 0;
    virtual void wipe(std::size_t member) = 0;
    /// From the other members, not from the clients.
    virtual void isolate(std::size_t member) = 0;
    virtual void heal(std::size_t member) = 0;
    /// Everything runs, is connected, and serves.
    virtual void repair() = 0;

    // What follows from that.
    std::string connect_string() const;
    std::string connect_string(std::size_t member) const;
    std::string connect_string_without(std::size_t member) const;
    bool serves(std::size_t member) const;
    /// Of two that say so, the one elected later.
    std::optional<std::size_t> leader() const;
    std::size_t wait_for_leader() const;
    /// Another one than `old`, which may still believe.
    std::size_t wait_for_leader_after(std::size_t old) const;
    std::optional<std::size_t> server_of(std::int64_t session) const;
    /// A number of "mntr", summed over the members.
    std::int64_t metric(std::string_view name) const;
    /// Until every member that serves has come to this point of the history: what is read then is not older.
    void wait_until_everywhere(std::int64_t zxid) const;

    void pause_all();
    void resume_all();
    void kill_all();
    void wipe_all();
    void start_all();
};

enum class zookeeper_kind { server, ensemble, docker };

/// Throws std::invalid_argument when the variable says something else.
zookeeper_kind kind_under_test();

/// The one that all tests share.
zookeeper_under_test& real_zookeeper();

/// The same where it is an ensemble already, else a local one: for tests of what only an ensemble can suffer.
zookeeper_under_test& real_ensemble();

/// The local one, for what servers in containers cannot suffer: nullptr where the tests run on those. They share the disk of
/// the machine, which is not ours to slow down, and this kernel may have no way to delay packets.
testing::ensemble* local_ensemble();

}  // namespace turnstile::test

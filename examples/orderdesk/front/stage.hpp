// Where an act plays: a directory of its own, a path of its own in ZooKeeper, and the processes that take part.
#pragma once

#include "child.hpp"
#include "desk/event_log.hpp"
#include "desk/wire.hpp"
#include "order_databases.hpp"

#include <turnstile/testing/server.hpp>

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace orderdesk {

/// The ensemble that was given, or a server of our own.
class ensemble {
public:
    /// `durable`, of our own: each write is on the disk before it is acknowledged.
    explicit ensemble(const std::string& servers, bool durable = false);

    const std::string& servers() const noexcept { return servers_; }
    /// The server's unit of time: a session may live that much longer than its timeout.
    std::chrono::milliseconds tick(std::chrono::milliseconds session_timeout) const;

private:
    std::optional<turnstile::testing::server> own_;
    std::string servers_;
};

class stage {
public:
    stage(const ensemble& zookeeper, const order_databases& databases, const std::filesystem::path& dir);
    stage(const stage&) = delete;
    stage& operator=(const stage&) = delete;
    /// Everybody leaves.
    ~stage();

    const std::filesystem::path& dir() const noexcept { return dir_; }
    const ensemble& zookeeper() const noexcept { return zookeeper_; }
    /// This act's own order database: what the class `database` takes.
    const std::string& orders() const noexcept { return orders_; }
    /// This act's own tree in ZooKeeper.
    const std::string& root() const noexcept { return root_; }
    event_log& log() noexcept { return log_; }

    /// Starts a program that sits beside this one.
    child& start(const std::string& program, const std::string& name, std::vector<std::string> arguments);
    /// Starts a service, and answers when it serves.
    child& start_service(const std::string& program, const std::string& name, std::vector<std::string> arguments);
    /// Adds the arguments of a guard, and where the orders are.
    std::vector<std::string> guarded(const std::string& guard, std::chrono::milliseconds session_timeout,
                                     std::vector<std::string> arguments) const;

    child& cast(const std::string& name);
    port_number port_of(const std::string& name) const;
    /// Throws std::runtime_error, with the end of its log, when somebody who should be there has gone.
    void expect_alive(const child& who);
    void everybody_leaves();
    /// Everybody leaves, and all books are files in the directory. Once.
    void close_the_books();

private:
    const ensemble& zookeeper_;
    const order_databases& databases_;
    std::filesystem::path dir_;
    std::string orders_;
    std::string root_;
    event_log log_;
    std::vector<std::unique_ptr<child>> children_;
};

/// Where the programs are: beside this one.
std::filesystem::path programs_dir();

}  // namespace orderdesk

// One ZooKeeper server as a local process, with a private directory: what testing::server and the members of a
// testing::ensemble are. A life may have many processes, one after the other, on the same data and ports.
#pragma once

#include <turnstile/testing/server.hpp>
#include <turnstile/testing/temporary_directory.hpp>

#include "child_process.hpp"

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace turnstile::inline v0::testing {

/// What makes a server a certain one: chosen once, kept over restarts.
struct server_place {
    std::uint16_t port = 0;
    std::vector<std::string> config;  ///< lines of zoo.cfg: the members of its ensemble
    int id = 0;                       ///< in the ensemble; 0: it stands alone
};

class server_process {
public:
    /// Throws std::runtime_error that names the Debian package that is missing. Starts nothing yet.
    server_process(server_options options, server_place place);
    server_process(const server_process&) = delete;
    server_process& operator=(const server_process&) = delete;
    /// Kills the process and removes the directory. In a fork of the process that made it: nothing.
    ~server_process();

    /// Without effect when it runs.
    void launch();
    /// Throws std::runtime_error with the end of the log when it ends, or takes longer than start_patience.
    void wait_until_it_serves();
    void ask_to_stop() const;
    /// Asks, and waits for the end; kills it when that takes too long.
    void stop();
    void kill() { process_.reset(); }
    /// Throws std::logic_error while it runs.
    void wipe() const;
    void pause();
    void resume();

    /// From now on every fsync takes so much longer.
    void delay_fsync(std::chrono::milliseconds by) const;

    bool running() const { return process_ && process_->running(); }
    bool paused() const { return running() && paused_; }
    /// A server that listens may still be reading its data, or looking for a leader; only one that says its mode serves.
    bool serves() const;
    pid_t pid() const { return running() ? process_->pid() : 0; }
    std::uint16_t port() const noexcept { return place_.port; }
    std::string connect_string() const { return "127.0.0.1:" + std::to_string(port()); }

    /// Throws std::runtime_error when no answer comes.
    std::string four_letter(std::string_view word) const;
    std::int64_t metric(std::string_view name) const;
    std::string log_tail() const;
    /// Somebody else was faster with one of its ports.
    bool found_its_port_taken() const;

    [[noreturn]] void give_up(const std::string& what);

private:
    std::filesystem::path data() const { return directory_.path() / "data"; }
    std::filesystem::path log() const { return directory_.path() / "server.log"; }
    std::filesystem::path config() const { return directory_.path() / "zoo.cfg"; }
    std::filesystem::path delay() const { return directory_.path() / "fsync-delay"; }
    std::filesystem::path shim() const { return directory_.path() / "slow-fsync.so"; }

    void write_config() const;
    std::vector<std::string> command() const;

    const server_options options_;
    const server_place place_;
    const std::string class_path_;
    const std::filesystem::path java_;
    const temporary_directory directory_{"turnstile-server"};
    std::optional<child_process> process_;  // ends before its directory goes
    bool paused_ = false;
};

}  // namespace turnstile::inline v0::testing

// A PostgreSQL or MariaDB server of one's own, for tests of what is written under a lock: a private directory, a Unix
// socket, no network.
//
//     testing::database_server db{testing::database_kind::postgresql};
//     PQconnectdb(("host=" + db.socket_directory().string() + " user=" + db.user() + " dbname=postgres").c_str());
//
// No driver is inside. Needs Debian's package `postgresql`, or `mariadb-server` (its part `mariadb-server-core` is enough).
// Both servers refuse to run as root: then they are run as `nobody`.
//
// Promise: the processes end with this object, and also when the process that made it crashes or is killed. (The directory,
// in $TMPDIR, is removed by the destructor only.) What it is told to write does not survive a crash of the machine,
// unless it is asked for (database_options::fsync).
// Costs: PostgreSQL is up after one or two seconds, MariaDB after two or three.
// Thread safety: const members from any thread.
#pragma once

#include <turnstile/testing/export.hpp>

#include <filesystem>
#include <memory>
#include <string>

namespace turnstile::inline v0::testing {

enum class database_kind { postgresql, mariadb };

struct database_options {
    /// Whether a commit is really on the disk before it is acknowledged. A test seldom crashes its machine.
    bool fsync = false;

    database_options() = default;
};

class TURNSTILE_TESTING_EXPORT database_server {
public:
    /// Why there can be none on this machine, with the name of the Debian package; empty: there can.
    static std::string missing(database_kind kind);

    /// Returns when the server serves. Throws std::runtime_error with `missing`, or with the end of the server's log.
    explicit database_server(database_kind kind, database_options options = database_options{});
    database_server(const database_server&) = delete;
    database_server& operator=(const database_server&) = delete;
    /// Stops the server and removes its directory.
    ~database_server();

    database_kind kind() const noexcept;
    /// What libpq calls the host.
    const std::filesystem::path& socket_directory() const noexcept;
    /// MariaDB's socket.
    std::filesystem::path socket() const;
    /// May do everything, and needs no password.
    const char* user() const noexcept;
    std::string log_tail() const;

private:
    class impl;
    std::unique_ptr<impl> impl_;
};

}  // namespace turnstile::inline v0::testing

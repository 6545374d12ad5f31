// Where the acts keep their orders: a file for each, or a database for each on a PostgreSQL server of our own, which has a
// private directory and a Unix socket, and ends with this program.
#pragma once

#include <turnstile/testing/database_server.hpp>

#include <filesystem>
#include <optional>
#include <string>

namespace orderdesk {

class order_databases {
public:
    /// Throws std::runtime_error that names the Debian package when there is no PostgreSQL.
    /// `durable`: each commit is on the disk before it is acknowledged.
    order_databases(bool postgres, bool durable);

    /// A new one, empty, for the act that plays in `dir`: what the class `database` takes.
    std::string make_for(const std::filesystem::path& dir) const;
    /// SQLite locks the whole database.
    bool lock_rows() const noexcept { return server_.has_value(); }
    /// Afterwards: the judge and the pictures read files.
    void bring_into_a_file(const std::string& where, const std::filesystem::path& dir) const;

private:
    std::string address(const std::string& database) const;

    bool durable_;
    std::optional<turnstile::testing::database_server> server_;
};

}  // namespace orderdesk

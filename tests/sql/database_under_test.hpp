// What the tests of SQL want of a database: connections that run a sql_statement. SQLite in a file, or a private server that
// the process starts once.
#pragma once

#include <turnstile/lease.hpp>
#include <turnstile/recipes/sql_statement.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace turnstile {

/// What to bind.
struct sql_values {
    fencing_token token = 0;
    std::int64_t id = 0;
    std::map<std::string, std::string> columns;
};

struct sql_outcome {
    std::int64_t rows = 0;  ///< those that the statement wants to know about
    std::vector<std::vector<std::string>> table;
};

/// The database said no.
class sql_error : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

class sql_connection {
public:
    sql_connection() = default;
    sql_connection(const sql_connection&) = delete;
    sql_connection& operator=(const sql_connection&) = delete;
    virtual ~sql_connection() = default;

    virtual sql_outcome run(const sql_statement& s, const sql_values& values) = 0;

    /// Its statements in order, without a transaction around them; the fewest rows of those that count them.
    sql_outcome run(const sql_script& script, const sql_values& values);
    sql_outcome run(const sql_statement& s) { return run(s, {}); }
    /// Text of the test's own.
    sql_outcome run(const std::string& text, sql_rows rows = sql_rows::ignored);
};

/// Commits, unless the statements throw.
template <class Work>
auto in_transaction(sql_connection& c, Work work)
{
    c.run("BEGIN");
    try {
        auto result = work();
        c.run("COMMIT");
        return result;
    } catch (...) {
        c.run("ROLLBACK");
        throw;
    }
}

class sql_database {
public:
    sql_database() = default;
    sql_database(const sql_database&) = delete;
    sql_database& operator=(const sql_database&) = delete;
    virtual ~sql_database() = default;

    virtual sql_dialect dialect() const = 0;
    virtual std::unique_ptr<sql_connection> connect() = 0;
};

// Each throws std::runtime_error that says what is missing.
std::unique_ptr<sql_database> open_sqlite();
std::unique_ptr<sql_database> open_postgresql();
/// `count_matches`: with CLIENT_FOUND_ROWS, which changes what MySQL's counts mean.
std::unique_ptr<sql_database> open_mariadb(bool count_matches);

/// The name of a database as parameter; skips where there is none.
class on_a_database : public ::testing::TestWithParam<const char*> {
protected:
    void SetUp() override;

    sql_database& database() { return *database_; }
    sql_dialect dialect() const { return database_->dialect(); }

private:
    sql_database* database_ = nullptr;
};

#define ON_ALL_DATABASES(suite)                                                                                            \
    INSTANTIATE_TEST_SUITE_P(, suite, ::testing::Values("sqlite", "postgresql", "mariadb", "mariadb_that_counts_matches"), \
                             [](const auto& with) { return std::string{with.param}; })

}  // namespace turnstile

// A database, as little of it as the order desk needs: a connection, statements bound by name, transactions. SQLite in a
// file, or PostgreSQL. Errors are exceptions that name the SQL.
#pragma once

#include <turnstile/recipes/sql_statement.hpp>

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace orderdesk {

class database_error : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

class database_engine;
class statement_engine;

/// One statement, on its way from row to row. Parameters are written `:name` in both databases, or as the dialect has them.
class statement {
public:
    explicit statement(std::unique_ptr<statement_engine> engine);
    statement(statement&&) noexcept;
    statement& operator=(statement&&) noexcept;
    ~statement();

    statement& bind(const char* name, std::int64_t value);
    statement& bind(const char* name, std::string_view value);
    /// The first has position 1.
    statement& bind(int position, std::int64_t value);
    statement& bind(int position, std::string_view value);

    /// True: there is a row. False: done.
    bool step();
    /// For statements whose rows nobody wants to see.
    void run();

    std::int64_t integer(std::string_view column) const;
    std::string text(std::string_view column) const;
    bool is_null(std::string_view column) const;

private:
    int parameter(const char* name) const;
    int index(std::string_view column) const;

    std::unique_ptr<statement_engine> engine_;
};

/// Before the name of a SQLite file: each commit is on the disk before it is acknowledged.
inline constexpr std::string_view durable_scheme = "durable:";

/// A connection. One thread at a time.
class database {
public:
    /// A file for SQLite, durable_scheme and such a file, or "postgresql:" and libpq's connection string.
    explicit database(const std::string& where);
    database(database&&) noexcept;
    database& operator=(database&&) noexcept;
    ~database();

    turnstile::sql_dialect dialect() const;
    statement prepare(std::string_view sql);
    /// One statement or several.
    void run(const std::string& sql);
    /// SQLite only.
    void attach(const std::string& file, std::string_view name);
    /// Rows that the last statement changed.
    std::int64_t changes() const;

private:
    std::unique_ptr<database_engine> engine_;
};

/// Begins with SQLite's write lock (a transaction that reads first and writes later can be refused half-way), and rolls back
/// unless committed.
class transaction {
public:
    explicit transaction(database& db);
    transaction(const transaction&) = delete;
    transaction& operator=(const transaction&) = delete;
    ~transaction();

    void commit();

private:
    database& db_;
    bool open_ = true;
};

}  // namespace orderdesk

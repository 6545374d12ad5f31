// What the order desk asks of a kind of database: SQLite in a file, or a PostgreSQL server.
#pragma once

#include "database.hpp"

namespace orderdesk {

/// Columns and parameters by position; parameters count from 1.
class statement_engine {
public:
    statement_engine() = default;
    statement_engine(const statement_engine&) = delete;
    statement_engine& operator=(const statement_engine&) = delete;
    virtual ~statement_engine() = default;

    virtual const std::string& sql() const = 0;
    /// 0: there is no such.
    virtual int parameter(const std::string& name) const = 0;
    virtual void bind(int position, std::int64_t value) = 0;
    virtual void bind(int position, std::string_view value) = 0;
    virtual bool step() = 0;
    /// -1: there is no such.
    virtual int column(std::string_view name) const = 0;
    virtual std::int64_t integer(int column) const = 0;
    virtual std::string text(int column) const = 0;
    virtual bool is_null(int column) const = 0;
};

class database_engine {
public:
    database_engine() = default;
    database_engine(const database_engine&) = delete;
    database_engine& operator=(const database_engine&) = delete;
    virtual ~database_engine() = default;

    virtual turnstile::sql_dialect dialect() const = 0;
    virtual std::unique_ptr<statement_engine> prepare(std::string_view sql) = 0;
    virtual void run(const std::string& sql) = 0;
    virtual std::int64_t changes() const = 0;
};

/// Where a commit is when it is acknowledged.
enum class sqlite_commits { in_memory, on_the_disk };

std::unique_ptr<database_engine> open_sqlite(const std::string& file, sqlite_commits where);
/// `where` is libpq's connection string.
std::unique_ptr<database_engine> open_postgres(const std::string& where);

}  // namespace orderdesk

// SQLite, as little of it as the order desk needs: a connection, statements bound by name, transactions.
// Errors are exceptions that name the SQL.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace orderdesk {

class database_error : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// One statement, on its way from row to row.
class statement {
public:
    statement(sqlite3* db, std::string_view sql);

    statement& bind(const char* name, std::int64_t value);
    statement& bind(const char* name, std::string_view value);

    /// True: there is a row. False: done.
    bool step();
    /// For statements whose rows nobody wants to see.
    void run();

    std::int64_t integer(std::string_view column) const { return sqlite3_column_int64(handle_.get(), index(column)); }
    std::string text(std::string_view column) const;
    bool is_null(std::string_view column) const { return sqlite3_column_type(handle_.get(), index(column)) == SQLITE_NULL; }

private:
    struct finalize {
        void operator()(sqlite3_stmt* s) const noexcept { sqlite3_finalize(s); }
    };
    int parameter(const char* name) const;
    int index(std::string_view column) const;
    void check(int rc) const;

    std::unique_ptr<sqlite3_stmt, finalize> handle_;
};

/// A connection. One thread at a time.
class database {
public:
    explicit database(const std::filesystem::path& file);

    statement prepare(std::string_view sql) { return {handle_.get(), sql}; }
    /// One statement or several.
    void run(const std::string& sql);
    void attach(const std::filesystem::path& file, std::string_view name);
    /// Rows that the last statement changed.
    std::int64_t changes() const noexcept { return sqlite3_changes64(handle_.get()); }

private:
    struct close {
        void operator()(sqlite3* db) const noexcept { sqlite3_close_v2(db); }
    };
    std::unique_ptr<sqlite3, close> handle_;
};

/// Takes the write lock at once (a transaction that reads first and writes later can be refused half-way), and rolls back
/// unless committed.
class transaction {
public:
    explicit transaction(database& db) : db_{db} { db_.run("BEGIN IMMEDIATE"); }
    transaction(const transaction&) = delete;
    transaction& operator=(const transaction&) = delete;
    ~transaction();

    void commit();

private:
    database& db_;
    bool open_ = true;
};

}  // namespace orderdesk

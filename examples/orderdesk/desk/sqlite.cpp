#include "database_engine.hpp"

#include <sqlite3.h>

#include <new>

namespace orderdesk {

namespace {

constexpr int busy_timeout_ms = 60'000;  // the desk is small: whoever waits longer has found a bug

[[noreturn]] void fail(sqlite3* db, std::string_view sql)
{
    throw database_error{std::string{sqlite3_errmsg(db)} + " in: " + std::string{sql}};
}

class sqlite_statement final : public statement_engine {
public:
    sqlite_statement(sqlite3* db, std::string_view sql) : sql_{sql}
    {
        sqlite3_stmt* prepared = nullptr;
        if (sqlite3_prepare_v2(db, sql.data(), static_cast<int>(sql.size()), &prepared, nullptr) != SQLITE_OK)
            fail(db, sql);
        handle_.reset(prepared);
    }

    const std::string& sql() const override { return sql_; }
    int parameter(const std::string& name) const override
    {
        return sqlite3_bind_parameter_index(handle_.get(), name.c_str());
    }
    void bind(int position, std::int64_t value) override { check(sqlite3_bind_int64(handle_.get(), position, value)); }
    void bind(int position, std::string_view value) override
    {
        // SQLite copies the text now, and frees its copy: what SQLITE_TRANSIENT says, without that macro's C cast.
        auto* copy = static_cast<char*>(sqlite3_malloc64(value.size() + 1));
        if (copy == nullptr)
            throw std::bad_alloc{};
        value.copy(copy, value.size());
        check(sqlite3_bind_text64(handle_.get(), position, copy, value.size(), sqlite3_free, SQLITE_UTF8));
    }

    bool step() override
    {
        const int rc = sqlite3_step(handle_.get());
        if (rc != SQLITE_ROW && rc != SQLITE_DONE)
            check(rc);
        return rc == SQLITE_ROW;
    }

    int column(std::string_view name) const override
    {
        for (int i = 0; i < sqlite3_column_count(handle_.get()); ++i)
            if (name == sqlite3_column_name(handle_.get(), i))
                return i;
        return -1;
    }
    std::int64_t integer(int column) const override { return sqlite3_column_int64(handle_.get(), column); }
    std::string text(int column) const override
    {
        const unsigned char* begin = sqlite3_column_text(handle_.get(), column);
        return begin == nullptr ? std::string{} : std::string{begin, begin + sqlite3_column_bytes(handle_.get(), column)};
    }
    bool is_null(int column) const override { return sqlite3_column_type(handle_.get(), column) == SQLITE_NULL; }

private:
    struct finalize {
        void operator()(sqlite3_stmt* s) const noexcept { sqlite3_finalize(s); }
    };
    void check(int rc) const
    {
        if (rc != SQLITE_OK)
            fail(sqlite3_db_handle(handle_.get()), sql_);
    }

    std::string sql_;
    std::unique_ptr<sqlite3_stmt, finalize> handle_;
};

class sqlite_database final : public database_engine {
public:
    sqlite_database(const std::string& file, sqlite_commits where)
    {
        sqlite3* opened = nullptr;
        const int rc = sqlite3_open(file.c_str(), &opened);
        handle_.reset(opened);
        if (rc != SQLITE_OK)
            fail(opened, "open " + file);
        sqlite3_busy_timeout(opened, busy_timeout_ms);
        execute("PRAGMA journal_mode = WAL");
        execute(where == sqlite_commits::on_the_disk ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
    }

    turnstile::sql_dialect dialect() const override { return turnstile::sql_dialect::sqlite; }
    std::unique_ptr<statement_engine> prepare(std::string_view sql) override
    {
        return std::make_unique<sqlite_statement>(handle_.get(), sql);
    }
    void run(const std::string& sql) override { execute(sql); }
    std::int64_t changes() const override { return sqlite3_changes64(handle_.get()); }

private:
    struct close {
        void operator()(sqlite3* db) const noexcept { sqlite3_close_v2(db); }
    };
    void execute(const std::string& sql)
    {
        if (sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
            fail(handle_.get(), sql);
    }

    std::unique_ptr<sqlite3, close> handle_;
};

}  // namespace

std::unique_ptr<database_engine> open_sqlite(const std::string& file, sqlite_commits where)
{
    return std::make_unique<sqlite_database>(file, where);
}

}  // namespace orderdesk

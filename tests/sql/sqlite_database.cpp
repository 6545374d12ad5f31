#include "database_under_test.hpp"

#include <turnstile/testing/temporary_directory.hpp>

#include <sqlite3.h>

#include <filesystem>

namespace turnstile {

namespace {

class sqlite_connection final : public sql_connection {
public:
    explicit sqlite_connection(const std::filesystem::path& file)
    {
        if (sqlite3_open(file.c_str(), &handle_) != SQLITE_OK)
            throw sql_error{sqlite3_errmsg(handle_)};
        sqlite3_busy_timeout(handle_, 20'000);
    }
    ~sqlite_connection() override { sqlite3_close_v2(handle_); }

    sql_outcome run(const sql_statement& s, const sql_values& values) override
    {
        sqlite3_stmt* raw = nullptr;
        check(sqlite3_prepare_v2(handle_, s.text.c_str(), -1, &raw, nullptr));
        const std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> statement{raw, sqlite3_finalize};
        int position = 0;
        for (const auto& p : s.parameters) {
            ++position;
            if (p.is == sql_parameter::kind::column)
                sqlite3_bind_text(raw, position, values.columns.at(p.name).c_str(), -1, SQLITE_TRANSIENT);
            else
                sqlite3_bind_int64(raw, position, p.is == sql_parameter::kind::token ? values.token : values.id);
        }
        sql_outcome outcome;
        int rc = SQLITE_DONE;
        while ((rc = sqlite3_step(raw)) == SQLITE_ROW) {
            auto& row = outcome.table.emplace_back();
            for (int i = 0; i < sqlite3_column_count(raw); ++i) {
                const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(raw, i));
                row.emplace_back(text == nullptr ? "NULL" : text);
            }
        }
        check(rc);
        outcome.rows =
            s.rows == sql_rows::returned ? static_cast<std::int64_t>(outcome.table.size()) : sqlite3_changes64(handle_);
        return outcome;
    }
    using sql_connection::run;

private:
    void check(int rc) const
    {
        if (rc != SQLITE_OK && rc != SQLITE_DONE)
            throw sql_error{sqlite3_errmsg(handle_)};
    }

    sqlite3* handle_ = nullptr;
};

class sqlite_database final : public sql_database {
public:
    sql_dialect dialect() const override { return sql_dialect::sqlite; }
    std::unique_ptr<sql_connection> connect() override
    {
        return std::make_unique<sqlite_connection>(directory_.path() / "test.db");
    }

private:
    const testing::temporary_directory directory_{"turnstile-sql"};
};

}  // namespace

std::unique_ptr<sql_database> open_sqlite() { return std::make_unique<sqlite_database>(); }

}  // namespace turnstile

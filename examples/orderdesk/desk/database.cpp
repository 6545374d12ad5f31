#include "database.hpp"

#include <new>

namespace orderdesk {

namespace {

constexpr int busy_timeout_ms = 20'000;  // the desk is small: whoever waits longer has found a bug

[[noreturn]] void fail(sqlite3* db, std::string_view sql)
{
    throw database_error{std::string{sqlite3_errmsg(db)} + " in: " + std::string{sql}};
}

}  // namespace

statement::statement(sqlite3* db, std::string_view sql)
{
    sqlite3_stmt* prepared = nullptr;
    if (sqlite3_prepare_v2(db, sql.data(), static_cast<int>(sql.size()), &prepared, nullptr) != SQLITE_OK)
        fail(db, sql);
    handle_.reset(prepared);
}

statement& statement::bind(const char* name, std::int64_t value)
{
    check(sqlite3_bind_int64(handle_.get(), parameter(name), value));
    return *this;
}

statement& statement::bind(const char* name, std::string_view value)
{
    // SQLite copies the text now, and frees its copy: what SQLITE_TRANSIENT says, without that macro's C cast.
    auto* copy = static_cast<char*>(sqlite3_malloc64(value.size() + 1));
    if (copy == nullptr)
        throw std::bad_alloc{};
    value.copy(copy, value.size());
    check(sqlite3_bind_text64(handle_.get(), parameter(name), copy, value.size(), sqlite3_free, SQLITE_UTF8));
    return *this;
}

bool statement::step()
{
    const int rc = sqlite3_step(handle_.get());
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        check(rc);
    return rc == SQLITE_ROW;
}

void statement::run()
{
    while (step())
        ;
}

std::string statement::text(std::string_view column) const
{
    const int at = index(column);
    const unsigned char* begin = sqlite3_column_text(handle_.get(), at);
    return begin == nullptr ? std::string{} : std::string{begin, begin + sqlite3_column_bytes(handle_.get(), at)};
}

int statement::parameter(const char* name) const
{
    const int at = sqlite3_bind_parameter_index(handle_.get(), name);
    if (at == 0)
        throw database_error{std::string{"no parameter "} + name + " in: " + sqlite3_sql(handle_.get())};
    return at;
}

int statement::index(std::string_view column) const
{
    for (int i = 0; i < sqlite3_column_count(handle_.get()); ++i)
        if (column == sqlite3_column_name(handle_.get(), i))
            return i;
    throw database_error{"no column " + std::string{column} + " in: " + sqlite3_sql(handle_.get())};
}

void statement::check(int rc) const
{
    if (rc != SQLITE_OK)
        fail(sqlite3_db_handle(handle_.get()), sqlite3_sql(handle_.get()));
}

database::database(const std::filesystem::path& file)
{
    sqlite3* opened = nullptr;
    const int rc = sqlite3_open(file.c_str(), &opened);
    handle_.reset(opened);
    if (rc != SQLITE_OK)
        fail(opened, "open " + file.string());
    sqlite3_busy_timeout(opened, busy_timeout_ms);
    run("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
}

void database::run(const std::string& sql)
{
    if (sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
        fail(handle_.get(), sql);
}

void database::attach(const std::filesystem::path& file, std::string_view name)
{
    prepare("ATTACH :file AS " + std::string{name}).bind(":file", file.string()).run();
}

transaction::~transaction()
{
    if (!open_)
        return;
    try {
        db_.run("ROLLBACK");
    } catch (const database_error&) {  // some errors roll back by themselves; then there is nothing left to undo
    }
}

void transaction::commit()
{
    db_.run("COMMIT");
    open_ = false;
}

}  // namespace orderdesk

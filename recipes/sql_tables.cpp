#include <turnstile/recipes/sql_tables.hpp>

#include <turnstile/error.hpp>

#include "detail/sql_writer.hpp"

#include <utility>

namespace turnstile::inline v0 {

using detail::sql_writer;

namespace {

/// Binary where MySQL's text would be compared without regard to case, and to spaces at the end.
std::string key_type(sql_dialect d)
{
    return d == sql_dialect::mysql ? "VARBINARY(" + std::to_string(sql_key_max) + ") NOT NULL" : "TEXT NOT NULL";
}

/// A table whose first column is its primary key. MySQL gets a counter in it, which its insert needs.
sql_statement create_table_of_keys(sql_dialect d, const std::string& table, std::string_view key, std::string_view columns)
{
    sql_writer w{d};
    w.say("CREATE TABLE IF NOT EXISTS ").name(table).say(" (").name(key).say(" ").say(key_type(d)).say(" PRIMARY KEY, ");
    w.say(columns);
    if (d == sql_dialect::mysql)
        w.say(", ").name("times").say(" INT NOT NULL DEFAULT 1");
    w.say(")");
    return std::move(w).done(sql_rows::ignored);
}

/// Not MySQL's INSERT IGNORE, which ignores more than that: it cuts long keys off, and takes them for others. And not an
/// update that changes nothing, which counts as 0 or 1 row by a flag of the connection. One that does counts as 2, always.
sql_statement insert_unless_there(sql_dialect d, const std::string& table, const std::vector<std::string>& columns)
{
    sql_writer w{d};
    w.say("INSERT INTO ").name(table).say(" (").names(columns).say(") VALUES (");
    for (const auto& c : columns)
        w.say(&c == &columns.front() ? "" : ", ").column(c);
    w.say(")");
    if (d == sql_dialect::mysql)
        w.say(" ON DUPLICATE KEY UPDATE ").name("times").say(" = ").name("times").say(" + 1");
    else
        w.say(" ON CONFLICT (").name(columns.front()).say(") DO NOTHING");
    return std::move(w).done(sql_rows::changed);
}

bool was_inserted(const char* verb, std::int64_t rows)
{
    if (rows < 0 || rows > 2)
        throw error{errc::bad_argument, verb, {}, "rows: 0 to 2, and not " + std::to_string(rows)};
    return rows == 1;
}

const char* own_key(sql_dialect d)
{
    switch (d) {
        case sql_dialect::postgresql:
            return "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY";
        case sql_dialect::sqlite:
            return "INTEGER PRIMARY KEY AUTOINCREMENT";
        case sql_dialect::mysql:
            break;
    }
    return "BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY";
}

}  // namespace

void check_sql_key(std::string_view key)
{
    if (key.empty() || key.size() > sql_key_max)
        throw error{errc::bad_argument, "check_sql_key", {}, "key: 1 to " + std::to_string(sql_key_max) + " bytes"};
}

sql_inbox::sql_inbox(sql_dialect dialect, std::string table) : dialect_{dialect}, table_{std::move(table)}
{
    detail::check_sql_table("sql_inbox", "table", table_);
}

sql_statement sql_inbox::create() const
{
    const std::string_view at = dialect_ == sql_dialect::mysql ? "`at` BIGINT NOT NULL" : "\"at\" BIGINT NOT NULL";
    return create_table_of_keys(dialect_, table_, "message", at);
}

sql_statement sql_inbox::insert() const { return insert_unless_there(dialect_, table_, {"message", "at"}); }

bool sql_inbox::first(std::int64_t rows) { return was_inserted("sql_inbox", rows); }

sql_statement sql_inbox::forget() const
{
    sql_writer w{dialect_};
    w.say("DELETE FROM ").name(table_).say(" WHERE ").name("at").say(" < ").column("at");
    return std::move(w).done(sql_rows::changed);
}

sql_once::sql_once(sql_dialect dialect, std::string table) : dialect_{dialect}, table_{std::move(table)}
{
    detail::check_sql_table("sql_once", "table", table_);
}

sql_statement sql_once::create() const
{
    return create_table_of_keys(dialect_, table_, "key",
                                dialect_ == sql_dialect::mysql
                                    ? "`fingerprint` VARBINARY(255) NOT NULL, `result` LONGBLOB, `at` BIGINT NOT NULL"
                                    : R"("fingerprint" TEXT NOT NULL, "result" TEXT, "at" BIGINT NOT NULL)");
}

sql_statement sql_once::claim() const { return insert_unless_there(dialect_, table_, {"key", "fingerprint", "at"}); }

bool sql_once::first(std::int64_t rows) { return was_inserted("sql_once", rows); }

sql_statement sql_once::keep_result() const
{
    sql_writer w{dialect_};
    w.say("UPDATE ").name(table_).say(" SET ").equal("result", {sql_parameter::kind::column, "result"}).say(" WHERE ");
    w.equal("key", {sql_parameter::kind::column, "key"});
    return std::move(w).done(sql_rows::ignored);
}

sql_statement sql_once::read() const
{
    sql_writer w{dialect_};
    w.say("SELECT ").names({"fingerprint", "result"}).say(" FROM ").name(table_).say(" WHERE ");
    w.equal("key", {sql_parameter::kind::column, "key"});
    if (dialect_ == sql_dialect::mysql)
        w.say(" FOR UPDATE");  // as it is now, and not as an earlier read of the transaction saw it
    return std::move(w).done(sql_rows::returned);
}

sql_turn_log::sql_turn_log(sql_dialect dialect, std::string table) : dialect_{dialect}, table_{std::move(table)}
{
    detail::check_sql_table("sql_turn_log", "table", table_);
}

sql_statement sql_turn_log::create() const
{
    sql_writer w{dialect_};
    w.say("CREATE TABLE IF NOT EXISTS ").name(table_).say(" (").name("seq").say(" ").say(own_key(dialect_));
    w.say(", ").name("key").say(" ").say(key_type(dialect_));
    w.say(", ").name("token").say(" BIGINT NOT NULL, ").name("operation").say(" ").say(key_type(dialect_));
    w.say(", ").name("at").say(" BIGINT NOT NULL, UNIQUE (").names({"key", "seq"}).say("))");
    return std::move(w).done(sql_rows::ignored);
}

sql_statement sql_turn_log::append() const
{
    sql_writer w{dialect_};
    w.say("INSERT INTO ").name(table_).say(" (").names({"key", "token", "operation", "at"}).say(") VALUES (");
    w.column("key").say(", ").token().say(", ").column("operation").say(", ").column("at").say(")");
    return std::move(w).done(sql_rows::changed);
}

sql_statement sql_turn_log::overtaken() const
{
    const auto of = [&](sql_writer& w, const char* which, const char* column) -> sql_writer& {
        return w.say(which).say(".").name(column);
    };
    sql_writer w{dialect_};
    w.say("SELECT ").names({"seq", "key", "token", "operation", "at"}).say(" FROM ").name(table_);
    w.say(" late WHERE EXISTS (SELECT 1 FROM ").name(table_).say(" early WHERE ");
    of(w, "early", "key").say(" = ");
    of(w, "late", "key").say(" AND ");
    of(w, "early", "seq").say(" < ");
    of(w, "late", "seq").say(" AND ");
    of(w, "early", "token").say(" > ");
    of(w, "late", "token").say(") ORDER BY ").name("seq");
    return std::move(w).done(sql_rows::returned);
}

sql_statement sql_turn_log::unaccounted(const sql_fence& fenced) const
{
    const auto& t = fenced.table();
    sql_writer w{dialect_};
    w.say("SELECT ").names({t.id, t.fence}).say(" FROM ").name(t.name).say(" fenced WHERE ").name(t.fence);
    w.say(" <> COALESCE((SELECT MAX(").name("token").say(") FROM ").name(table_).say(" turns WHERE turns.").name("key");
    w.say(" = CAST(fenced.").name(t.id).say(dialect_ == sql_dialect::mysql ? " AS CHAR)" : " AS TEXT)").say("), 0)");
    w.say(" ORDER BY ").name(t.id);
    return std::move(w).done(sql_rows::returned);
}

}  // namespace turnstile::inline v0

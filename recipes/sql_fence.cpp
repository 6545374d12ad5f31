#include <turnstile/recipes/sql_fence.hpp>

#include <turnstile/error.hpp>

#include "detail/sql_writer.hpp"

#include <algorithm>
#include <utility>

namespace turnstile::inline v0 {

using detail::sql_writer;

namespace {

constexpr std::string_view raises = " < ";
constexpr std::string_view raises_or_keeps = " <= ";

void check_columns(const char* verb, const std::vector<std::string>& columns)
{
    if (columns.size() > sql_columns_max)
        throw error{errc::bad_argument, verb, {}, "columns: up to " + std::to_string(sql_columns_max)};
    for (const auto& c : columns)
        detail::check_sql_name(verb, "column", c);
}

void check_changed(const char* verb, const sql_table& t, std::vector<std::string> columns)
{
    if (columns.empty())
        throw error{errc::bad_argument, verb, {}, "columns: at least one"};
    columns.insert(columns.end(), {t.id, t.fence});
    std::ranges::sort(columns);
    const auto twice = std::ranges::adjacent_find(columns);
    if (twice != columns.end())
        throw error{errc::bad_argument, verb, {}, "column: '" + *twice + "' is there twice, or is the id's or the fence's"};
}

sql_writer& row_with_fence(sql_writer& w, const sql_table& t, std::string_view compared)
{
    return w.say(" WHERE ").name(t.id).say(" = ").id().say(" AND ").name(t.fence).say(compared).token();
}

/// The second half of a fenced statement for MySQL. It tells that the row is ours by a row, and not by a count: by default
/// MySQL counts rows that it *changed*, so a write of what stood there already would look like a refused one. FOR UPDATE, so
/// that it reads the row as it is now: without, a transaction that has read before would see its old snapshot of it, the old
/// fence included.
sql_statement read_of_ours(const sql_table& t, const std::vector<std::string>& columns)
{
    sql_writer w{sql_dialect::mysql};
    w.say("SELECT ").names(columns).say(" FROM ").name(t.name);
    row_with_fence(w, t, " = ").say(" FOR UPDATE");
    return std::move(w).done(sql_rows::returned);
}

sql_script raise_and_read(sql_dialect dialect, const sql_table& t, const char* verb, std::vector<std::string> columns,
                          std::string_view compared)
{
    check_columns(verb, columns);
    if (columns.empty())
        columns.push_back(t.fence);

    sql_writer raise{dialect};
    raise.say("UPDATE ").name(t.name).say(" SET ").name(t.fence).say(" = ").token();
    row_with_fence(raise, t, compared);
    if (dialect == sql_dialect::mysql) {
        // A fence that is raised has changed, so that here the count is right; one that may stay as it is, may not.
        const bool strictly = compared == raises;
        return {std::move(raise).done(strictly ? sql_rows::changed : sql_rows::ignored), read_of_ours(t, columns)};
    }
    raise.say(" RETURNING ").names(columns);
    return {std::move(raise).done(sql_rows::returned)};
}

void check_rows(std::int64_t rows, const char* verb, const sql_table& t, std::string_view id, fencing_token token)
{
    if (rows == 1)
        return;
    std::string where = t.name;
    where.append(" ").append(t.id).append(" = ").append(id);
    if (rows == 0)
        throw error{errc::fenced, verb, where, "token " + std::to_string(token) + "; or there is no such row"};
    throw error{errc::bad_argument, verb, where,
                rows < 0 ? "rows: " + std::to_string(rows) + ", so the driver has not counted them"
                         : std::to_string(rows) + " rows: the column " + t.id + " is not unique"};
}

}  // namespace

sql_fence::sql_fence(sql_dialect dialect, sql_table table) : dialect_{dialect}, table_{std::move(table)}
{
    detail::check_sql_table("sql_fence", "table", table_.name);
    detail::check_sql_name("sql_fence", "id", table_.id);
    detail::check_sql_name("sql_fence", "fence", table_.fence);
    if (table_.id == table_.fence)
        throw error{errc::bad_argument, "sql_fence", {}, "fence: a column of its own, and not the id's"};
}

sql_statement sql_fence::add_column() const
{
    sql_writer w{dialect_};
    w.say("ALTER TABLE ").name(table_.name).say(" ADD COLUMN ").name(table_.fence).say(" BIGINT NOT NULL DEFAULT 0");
    return std::move(w).done(sql_rows::ignored);
}

sql_script sql_fence::enter(const std::vector<std::string>& columns) const
{
    return raise_and_read(dialect_, table_, "enter", columns, raises);
}

sql_script sql_fence::enter_again(const std::vector<std::string>& columns) const
{
    return raise_and_read(dialect_, table_, "enter_again", columns, raises_or_keeps);
}

sql_script sql_fence::write(const std::vector<std::string>& columns) const
{
    check_columns("write", columns);
    check_changed("write", table_, columns);

    sql_writer w{dialect_};
    w.say("UPDATE ").name(table_.name).say(" SET ");
    for (const auto& c : columns)
        w.say(&c == &columns.front() ? "" : ", ").equal(c, {sql_parameter::kind::column, c});
    row_with_fence(w, table_, " = ");
    if (dialect_ == sql_dialect::mysql)
        return {std::move(w).done(sql_rows::ignored), read_of_ours(table_, {table_.fence})};
    return {std::move(w).done(sql_rows::changed)};
}

sql_script sql_fence::erase() const
{
    sql_writer w{dialect_};
    w.say("DELETE FROM ").name(table_.name);
    row_with_fence(w, table_, " = ");
    return {std::move(w).done(sql_rows::changed)};
}

sql_statement sql_fence::look() const
{
    sql_writer w{dialect_};
    w.say("SELECT ").name(table_.fence).say(" FROM ").name(table_.name).say(" WHERE ").name(table_.id).say(" = ").id();
    return std::move(w).done(sql_rows::returned);
}

void sql_fence::entered(std::int64_t rows, std::string_view id, fencing_token token) const
{
    check_rows(rows, "enter", table_, id, token);
}

void sql_fence::entered(std::int64_t rows, std::int64_t id, fencing_token token) const
{
    entered(rows, std::to_string(id), token);
}

void sql_fence::wrote(std::int64_t rows, std::string_view id, fencing_token token) const
{
    check_rows(rows, "write", table_, id, token);
}

void sql_fence::wrote(std::int64_t rows, std::int64_t id, fencing_token token) const
{
    wrote(rows, std::to_string(id), token);
}

}  // namespace turnstile::inline v0

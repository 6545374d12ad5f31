// Puts a statement together in one dialect: names quoted, values as placeholders in the order of the parameters.
#pragma once

#include <turnstile/recipes/sql_statement.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace turnstile::inline v0::detail {

/// Throw errc::bad_argument; `field` is what the caller calls it.
void check_sql_name(std::string_view verb, std::string_view field, std::string_view name);
void check_sql_table(std::string_view verb, std::string_view field, std::string_view name);

class sql_writer {
public:
    explicit sql_writer(sql_dialect dialect) noexcept : dialect_{dialect} {}

    /// Words of SQL, as they are.
    sql_writer& say(std::string_view words);
    /// A checked name; the schema and the table of a name with a dot are quoted one by one.
    sql_writer& name(std::string_view checked);
    sql_writer& names(const std::vector<std::string>& checked);
    sql_writer& token() { return value({sql_parameter::kind::token, {}}); }
    sql_writer& id() { return value({sql_parameter::kind::id, {}}); }
    sql_writer& column(std::string_view of) { return value({sql_parameter::kind::column, std::string{of}}); }
    /// `name = value`.
    sql_writer& equal(std::string_view name, sql_parameter value_of);

    sql_statement done(sql_rows rows) &&;

private:
    sql_writer& value(sql_parameter p);

    const sql_dialect dialect_;
    std::string text_;
    std::vector<sql_parameter> parameters_;
};

}  // namespace turnstile::inline v0::detail

// SQL as a value: a text, and what to bind to its placeholders. Whatever driver a program has, it can run that; the SDK has
// none, and opens no connection.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace turnstile::inline v0 {

enum class sql_dialect {
    postgresql,  ///< placeholders $1, $2 …
    sqlite,      ///< ?1, ?2 …; from 3.35 on (RETURNING)
    mysql,       ///< ?, ? …; MySQL and MariaDB with InnoDB tables
};

/// What a placeholder stands for.
struct sql_parameter {
    enum class kind {
        token,   ///< lease::token()
        id,      ///< which row
        column,  ///< the value of the column `name`
    };

    kind is = kind::token;
    std::string name;  ///< of the column; empty otherwise

    friend bool operator==(const sql_parameter&, const sql_parameter&) = default;
};

/// Which rows of a statement the checks want to know about.
enum class sql_rows {
    ignored,
    changed,   ///< those that it changed: PQcmdTuples, sqlite3_changes, mysql_affected_rows
    returned,  ///< those that it returned
};

struct sql_statement {
    std::string text;
    /// The n-th belongs to the n-th placeholder. Where placeholders have numbers, one may occur several times in the text.
    std::vector<sql_parameter> parameters;
    sql_rows rows = sql_rows::ignored;

    friend bool operator==(const sql_statement&, const sql_statement&) = default;
};

/// To be run in this order, in one transaction. Each that does not ignore its rows has to pass the check; what it returns,
/// if anything, the last one returns.
using sql_script = std::vector<sql_statement>;

/// The largest length of a name of a table or a column, in bytes: PostgreSQL's, the smallest of the three.
inline constexpr std::size_t sql_name_max = 63;
/// The most columns that one statement reads or writes.
inline constexpr std::size_t sql_columns_max = 100;

}  // namespace turnstile::inline v0

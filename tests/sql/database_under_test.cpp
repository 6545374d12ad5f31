#include "database_under_test.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <utility>

namespace turnstile {

namespace {

[[maybe_unused]] std::unique_ptr<sql_database> not_built(const char* package)
{
    throw std::runtime_error{std::string{"not built; on Debian: apt-get install "} + package};
}

using opening = std::function<std::unique_ptr<sql_database>()>;

const std::map<std::string, opening>& databases()
{
    static const std::map<std::string, opening> all{
#ifdef WITH_SQLITE
        {"sqlite", open_sqlite},
#else
        {"sqlite", [] { return not_built("libsqlite3-dev"); }},
#endif
#ifdef WITH_POSTGRESQL
        {"postgresql", open_postgresql},
#else
        {"postgresql", [] { return not_built("libpq-dev"); }},
#endif
#ifdef WITH_MARIADB
        {"mariadb", [] { return open_mariadb(false); }},
        {"mariadb_that_counts_matches", [] { return open_mariadb(true); }},
#else
        {"mariadb", [] { return not_built("libmariadb-dev"); }},
        {"mariadb_that_counts_matches", [] { return not_built("libmariadb-dev"); }},
#endif
    };
    return all;
}

}  // namespace

sql_outcome sql_connection::run(const sql_script& script, const sql_values& values)
{
    std::int64_t fewest = std::numeric_limits<std::int64_t>::max();
    sql_outcome last;
    for (const auto& s : script) {
        last = run(s, values);
        if (s.rows != sql_rows::ignored)
            fewest = std::min(fewest, last.rows);
    }
    last.rows = fewest;
    return last;
}

sql_outcome sql_connection::run(const std::string& text, sql_rows rows)
{
    sql_statement s;
    s.text = text;
    s.rows = rows;
    return run(s, {});
}

void on_a_database::SetUp()
{
    static std::map<std::string, std::unique_ptr<sql_database>> open;
    auto& database = open[GetParam()];
    try {
        if (!database)
            database = databases().at(GetParam())();
    } catch (const std::runtime_error& e) {
        GTEST_SKIP() << e.what();
    }
    database_ = database.get();
}

}  // namespace turnstile

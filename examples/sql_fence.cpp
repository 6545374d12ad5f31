// A zombie writes into a database, and the row refuses it: sql_fence, on SQLite in memory, in a driver of twenty lines.
//
//     sql_fence
#include <turnstile/error.hpp>
#include <turnstile/recipes/sql_fence.hpp>

#include <sqlite3.h>

#include <cstdint>
#include <iostream>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

constexpr std::int64_t order = 42;

void check(sqlite3* db, int rc)
{
    if (rc != SQLITE_OK && rc != SQLITE_DONE && rc != SQLITE_ROW)
        throw std::runtime_error{sqlite3_errmsg(db)};
}

// snippet: driver
/// Runs one statement; what it returns is the first value of its first row.
std::string run(sqlite3* db, const turnstile::sql_statement& s, turnstile::fencing_token token,
                std::map<std::string, std::int64_t> columns, std::int64_t& rows)
{
    using kind = turnstile::sql_parameter::kind;
    sqlite3_stmt* statement = nullptr;
    check(db, sqlite3_prepare_v2(db, s.text.c_str(), -1, &statement, nullptr));
    int position = 0;
    for (const auto& p : s.parameters) {
        const auto value = p.is == kind::token ? token : p.is == kind::id ? order : columns.at(p.name);
        check(db, sqlite3_bind_int64(statement, ++position, value));
    }
    std::string first;
    std::int64_t returned = 0;
    int rc = SQLITE_DONE;
    while ((rc = sqlite3_step(statement)) == SQLITE_ROW)
        if (returned++ == 0)
            first = reinterpret_cast<const char*>(sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    check(db, rc);
    rows = s.rows == turnstile::sql_rows::returned ? returned : sqlite3_changes64(db);
    return first;
}
// end of snippet

// snippet: turn
const turnstile::sql_fence orders{turnstile::sql_dialect::sqlite, {"orders", "id", "fence"}};

/// The first thing in a turn: from here on whoever came before is shut out.
std::string enter(sqlite3* db, turnstile::fencing_token token)
{
    std::string price;
    for (const auto& statement : orders.enter({"price"})) {  // for MySQL there are two, in one transaction
        std::int64_t rows = 0;
        price = run(db, statement, token, {}, rows);
        if (statement.rows != turnstile::sql_rows::ignored)
            orders.entered(rows, order, token);  // throws errc::fenced
    }
    return price;
}

void set_price(sqlite3* db, turnstile::fencing_token token, std::int64_t price)
{
    for (const auto& statement : orders.write({"price"})) {
        std::int64_t rows = 0;
        run(db, statement, token, {{"price", price}}, rows);
        if (statement.rows != turnstile::sql_rows::ignored)
            orders.wrote(rows, order, token);
    }
}
// end of snippet

}  // namespace

int main()
{
    sqlite3* db = nullptr;
    check(db, sqlite3_open(":memory:", &db));
    check(db, sqlite3_exec(db, "CREATE TABLE orders (id INTEGER PRIMARY KEY, price INTEGER)", nullptr, nullptr, nullptr));
    check(db, sqlite3_exec(db, "INSERT INTO orders VALUES (42, 100)", nullptr, nullptr, nullptr));
    std::int64_t rows = 0;
    run(db, orders.add_column(), 0, {}, rows);

    // The tokens are those of leases: turnstile::lease::token().
    std::cout << "the holder with token 7 reads the price: " << enter(db, 7) << ", and falls asleep\n";
    std::cout << "the holder with token 8 reads the price: " << enter(db, 8) << ", and charges it\n";
    bool refused = false;
    try {
        set_price(db, 7, 80);
    } catch (const turnstile::error& e) {
        refused = e.code() == turnstile::errc::fenced;
        std::cout << "the first one wakes up and writes: " << e.what() << '\n';
    }
    set_price(db, 8, 100);
    sqlite3_close(db);
    return refused ? 0 : 1;
}

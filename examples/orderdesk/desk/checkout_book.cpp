#include "checkout_book.hpp"

namespace orderdesk {

void make_checkout_tables(database& db, const std::string& setting)
{
    db.run(R"(
        CREATE TABLE run (setting TEXT NOT NULL);
        CREATE TABLE placed (
            id      INTEGER PRIMARY KEY AUTOINCREMENT,
            user    INTEGER NOT NULL,
            basket  TEXT NOT NULL,
            amount  INTEGER NOT NULL,
            tap     TEXT NOT NULL,
            process TEXT NOT NULL,
            at_us   INTEGER NOT NULL);
        CREATE TABLE taps (
            tap      TEXT PRIMARY KEY,
            order_id INTEGER,           -- NULL: never told
            tries    INTEGER NOT NULL,
            took_us  INTEGER NOT NULL);
    )");
    db.prepare("INSERT INTO run VALUES (:setting)").bind(":setting", setting).run();
}

}  // namespace orderdesk

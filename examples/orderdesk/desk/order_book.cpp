#include "order_book.hpp"

#include "event_log.hpp"

#include <random>
#include <stdexcept>

namespace orderdesk {

void make_order_tables(database& db)
{
    db.run(R"(
        CREATE TABLE run (guard TEXT NOT NULL);
        CREATE TABLE orders (
            id      INTEGER PRIMARY KEY,
            price   INTEGER NOT NULL,
            quote   INTEGER NOT NULL,
            status  TEXT NOT NULL,
            psp_key TEXT NOT NULL DEFAULT '',
            fence   BIGINT NOT NULL DEFAULT 0);
        CREATE TABLE history (
            seq      INTEGER PRIMARY KEY AUTOINCREMENT,
            at_us    INTEGER NOT NULL,
            order_id INTEGER NOT NULL,
            process  TEXT NOT NULL,
            request  TEXT NOT NULL,
            action   TEXT NOT NULL,
            fence    BIGINT,            -- NULL: written without a guard
            seen     INTEGER NOT NULL,  -- the newest entry that the writer had seen
            price    INTEGER NOT NULL,
            quote    INTEGER NOT NULL,
            status   TEXT NOT NULL);
        CREATE INDEX history_of_order ON history (order_id, seq);
        CREATE TRIGGER history_is_append_only_1 BEFORE UPDATE ON history BEGIN SELECT raise(ABORT, 'append only'); END;
        CREATE TRIGGER history_is_append_only_2 BEFORE DELETE ON history BEGIN SELECT raise(ABORT, 'append only'); END;
    )");
}

void make_psp_tables(database& db)
{
    db.run(R"(
        CREATE TABLE captures (
            key      TEXT PRIMARY KEY,
            order_id INTEGER NOT NULL,
            quote    INTEGER NOT NULL,
            amount   INTEGER NOT NULL,
            at_us    INTEGER NOT NULL);
    )");
}

void make_buyers_tables(database& db)
{
    db.run(R"(
        CREATE TABLE asked (
            request  TEXT PRIMARY KEY,
            order_id INTEGER NOT NULL,
            what     TEXT NOT NULL,
            price    INTEGER NOT NULL);
        CREATE TABLE answers (
            request TEXT NOT NULL,
            outcome TEXT NOT NULL,
            why     TEXT NOT NULL,
            took_us INTEGER NOT NULL);
        CREATE INDEX answers_to ON answers (request);
    )");
}

void open_orders(const std::filesystem::path& file, const std::string& guard, int orders, std::uint64_t seed)
{
    database db{file};
    std::mt19937_64 random{seed};
    std::uniform_int_distribution<std::int64_t> price{50, 150};
    transaction t{db};
    make_order_tables(db);
    db.prepare("INSERT INTO run VALUES (:guard)").bind(":guard", guard).run();
    for (order_id id = 1; id <= orders; ++id) {
        db.prepare("INSERT INTO orders (id, price, quote, status) VALUES (:id, :price, 1, :status)")
            .bind(":id", id)
            .bind(":price", price(random) * 100)
            .bind(":status", status::awaiting)
            .run();
        append_history(db, id, 0, {"orderdesk", "", action::opened, 0});
    }
    t.commit();
}

order order_of(const statement& row)
{
    order o;
    o.id = row.integer("id");
    o.price = row.integer("price");
    o.quote = row.integer("quote");
    o.status = row.text("status");
    o.psp_key = row.text("psp_key");
    return o;
}

order read_order(database& db, order_id id)
{
    auto reading =
        db.prepare("SELECT *, (SELECT max(seq) FROM history WHERE order_id = orders.id) AS seen FROM orders WHERE id = :id");
    reading.bind(":id", id);
    if (!reading.step())
        throw std::invalid_argument{"no order " + std::to_string(id)};
    order o = order_of(reading);
    o.seen = reading.integer("seen");
    return o;
}

void write_order(database& db, const order& o)
{
    db.prepare("UPDATE orders SET price = :price, quote = :quote, status = :status, psp_key = :psp_key WHERE id = :id")
        .bind(":price", o.price)
        .bind(":quote", o.quote)
        .bind(":status", o.status)
        .bind(":psp_key", o.psp_key)
        .bind(":id", o.id)
        .run();
}

std::int64_t append_history(database& db, order_id id, std::int64_t seen, const deed& by)
{
    auto appending = db.prepare(
        "INSERT INTO history (at_us, order_id, process, request, action, fence, seen, price, quote, status) "
        "SELECT :at, id, :process, :request, :action, :fence, :seen, price, quote, status FROM orders WHERE id = :id "
        "RETURNING seq");
    appending.bind(":at", now_us())
        .bind(":process", by.process)
        .bind(":request", by.request)
        .bind(":action", by.what)
        .bind(":seen", seen)
        .bind(":id", id);
    if (by.fence)
        appending.bind(":fence", *by.fence);
    if (!appending.step())
        throw std::invalid_argument{"no order " + std::to_string(id)};
    const auto entry = appending.integer("seq");
    appending.run();
    return entry;
}

std::int64_t newest_entry(database& db, order_id id)
{
    auto reading = db.prepare("SELECT coalesce(max(seq), 0) AS newest FROM history WHERE order_id = :id");
    reading.bind(":id", id).step();
    return reading.integer("newest");
}

}  // namespace orderdesk

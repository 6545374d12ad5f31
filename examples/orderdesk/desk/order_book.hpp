// The order database: the orders, and an append-only history that is written in the same transaction as each change, so
// that the judge can tell what happened from the books alone.
#pragma once

#include "database.hpp"
#include "order.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace orderdesk {

/// Who changes an order, for the history.
struct deed {
    std::string process;
    std::string request;
    std::string what;                   ///< see action
    std::optional<std::int64_t> fence;  ///< none: written without a guard
};

/// Makes the tables of an order database, a payment provider's and the buyers'.
void make_order_tables(database& db);
void make_psp_tables(database& db);
void make_buyers_tables(database& db);

/// An empty book, and `orders` orders in it that await payment, with prices drawn from `seed`.
void open_orders(const std::string& where, const std::string& guard, int orders, std::uint64_t seed);

/// Reads the order from a row with its columns; `seen` only where the row has it.
order order_of(const statement& row);

order read_order(database& db, order_id id);

/// The same, and nobody else changes the row, or reads it in this way, until the transaction ends.
order read_order_for_update(database& db, order_id id);

/// As the naive service does: the whole row, whatever has happened to it since it was read.
void write_order(database& db, const order& o);

/// The whole row, if it has been written by nobody since it was read; false, when it has.
[[nodiscard]] bool write_order_if_unchanged(database& db, const order& o);

/// Appends what the row says *now*, and answers with the entry's number. Call it inside the transaction of the change.
std::int64_t append_history(database& db, order_id id, std::int64_t seen, const deed& by);

/// The newest entry about this order.
std::int64_t newest_entry(database& db, order_id id);

/// What the newest entry says was done.
std::string newest_action(database& db, order_id id);

/// All of an order book, into an empty database: what the judge reads is a file.
void copy_orders(database& from, database& to);

}  // namespace orderdesk

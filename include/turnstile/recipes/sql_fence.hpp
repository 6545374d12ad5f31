// Fencing into a row of a database: the statements and the checks, as text. No driver, no session, no I/O.
//
//     sql_fence orders{sql_dialect::postgresql, {"orders"}};
//     lease turn = co_await order_lock.acquire(5s);
//     run(orders.enter({"price", "status"}), …);                 // raises the fence AND reads
//     orders.entered(rows, id, turn.token());                    // throws errc::fenced: somebody newer was here
//     …
//     run(orders.write({"status"}), …);                          // takes writes of this turn only
//     orders.wrote(rows, id, turn.token());
//
// A lock alone cannot stop a holder that slept through the loss of it; the row can. It keeps the highest token that has
// entered, in a column of its own.
//
//   enter   one statement that raises the fence and reads. From then on whoever came before is shut out, and what was read
//           stays true until the turn is over, for nobody else can write.
//   write   wants equality. `fence <= :token` would let a holder write that has slept while another one read, and had not
//           written yet: the popular recipe, and wrong.
//
// Inbox, idempotency keys and a log of turns, for the same transaction: sql_tables.hpp.
//
// Promise: of two turns with different tokens, the one with the smaller changes nothing after the other has entered. That
// holds whatever the lock does, if every program that writes the row uses these statements.
// Not promised: that a turn which was fenced has done nothing *elsewhere*. Ask lease::check() before effects outside.
//
// Source: Kleppmann, "How to do distributed locking" (fencing tokens). Departure: `enter`, which fences before the first
// write.
//
// Thread safety: objects are constant.
#pragma once

#include <turnstile/lease.hpp>
#include <turnstile/recipes/export.hpp>
#include <turnstile/recipes/sql_statement.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace turnstile::inline v0 {

/// Names as the database stores them (they are quoted: in PostgreSQL, `Orders` is not `orders`): letters, digits and
/// underscores, no digit first, up to sql_name_max bytes. A table may have a schema before it: "shop.orders".
struct sql_table {
    std::string name;
    std::string id = "id";        ///< the column that tells rows apart, and is unique
    std::string fence = "fence";  ///< BIGINT NOT NULL, at first 0
};

class TURNSTILE_RECIPES_EXPORT sql_fence {
public:
    /// Throws errc::bad_argument that names the field and its limit.
    sql_fence(sql_dialect dialect, sql_table table);

    /// The column, in a table that exists.
    sql_statement add_column() const;

    /// Raises the fence to the token, and reads: the first thing in a turn. One statement, or two for MySQL, which has no
    /// RETURNING. Without columns it returns the fence. Throws errc::bad_argument for a bad name or too many of them.
    sql_script enter(const std::vector<std::string>& columns = {}) const;
    /// The same, for a turn that may have entered already: when the answer to `enter` was lost on the way from the database,
    /// and for the next caller of a `cohort_mutex`, whose token may be that of the one before. A newer turn shuts it out all
    /// the same.
    sql_script enter_again(const std::vector<std::string>& columns = {}) const;
    /// Changes these columns, in the turn that entered last and in no other. Throws errc::bad_argument also for no column,
    /// one that is named twice, and those of id and fence.
    sql_script write(const std::vector<std::string>& columns) const;
    /// Deletes the row. A row of the same id that comes later knows nothing of the turns before: insert it with the token of
    /// its turn as its fence.
    sql_script erase() const;

    /// Reads the fence: tells a row that is not there (no row) from one that a newer turn has entered.
    sql_statement look() const;

    /// For each statement of `enter` that does not ignore its rows. Throws errc::fenced, with table, id and token, when
    /// there is none: a newer turn has begun, or there is no such row. Throws errc::bad_argument for several, when the id is
    /// not unique, and for less than none, which is a driver's way to say that it has not counted.
    void entered(std::int64_t rows, std::string_view id, fencing_token token) const;
    void entered(std::int64_t rows, std::int64_t id, fencing_token token) const;
    /// The same for `write` and `erase`. When it throws, roll the transaction back.
    void wrote(std::int64_t rows, std::string_view id, fencing_token token) const;
    void wrote(std::int64_t rows, std::int64_t id, fencing_token token) const;

    sql_dialect dialect() const noexcept { return dialect_; }
    const sql_table& table() const noexcept { return table_; }

private:
    sql_dialect dialect_;
    sql_table table_;
};

}  // namespace turnstile::inline v0

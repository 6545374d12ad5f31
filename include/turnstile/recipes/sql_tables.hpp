// Three small tables for effects that must not happen twice, or must be accounted for. Like sql_fence they are text: the
// program's own connection runs it, in the transaction of the effect. That is the whole trick; a row that is written in
// another transaction proves nothing.
//
//   sql_inbox      messages that have taken effect
//   sql_once       requests that were answered, with the answers
//   sql_turn_log   what was written in which turn
//
// The times, `at`, are the program's: any clock and unit that suits it.
//
// Thread safety: objects are constant.
#pragma once

#include <turnstile/recipes/export.hpp>
#include <turnstile/recipes/sql_fence.hpp>
#include <turnstile/recipes/sql_statement.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace turnstile::inline v0 {

/// The longest message id, idempotency key, key of a turn: what MySQL can index.
inline constexpr std::size_t sql_key_max = 255;

/// Throws errc::bad_argument for a key that is empty or longer than sql_key_max bytes. Ask before binding it: a lax MySQL
/// would cut a long one off, and take it for another.
TURNSTILE_RECIPES_EXPORT void check_sql_key(std::string_view key);

/// Messages that have taken effect. Insert first, then have the effect, then commit: whoever inserts the same message at the
/// same time waits in the database until then.
class TURNSTILE_RECIPES_EXPORT sql_inbox {
public:
    explicit sql_inbox(sql_dialect dialect, std::string table = "turnstile_inbox");

    sql_statement create() const;
    /// Columns message, at. An insert that finds the message there is no error, and leaves the transaction usable.
    sql_statement insert() const;
    /// Whether the message is new, by the rows that `insert` has changed: 1. (None: it was there. MySQL says 2, for it
    /// counts in the row how often the message came.) Throws errc::bad_argument for what a database cannot have said.
    static bool first(std::int64_t rows);
    /// Forgets messages from before `at`: the table grows by a row a message, and only its owner knows how late one may
    /// come.
    sql_statement forget() const;

private:
    sql_dialect dialect_;
    std::string table_;
};

/// Requests that were answered. Claim the key, have the effect, keep the result, commit. Who comes second reads what the
/// first was told; the fingerprint tells whether it asked for the same.
class TURNSTILE_RECIPES_EXPORT sql_once {
public:
    explicit sql_once(sql_dialect dialect, std::string table = "turnstile_once");

    sql_statement create() const;
    /// Columns key, fingerprint, at.
    sql_statement claim() const;
    /// As sql_inbox::first.
    static bool first(std::int64_t rows);
    /// Columns result, key.
    sql_statement keep_result() const;
    /// Column key; returns fingerprint and result. Under PostgreSQL's and MySQL's stricter isolation levels, too, this sees
    /// what the first one committed, or the claim before it failed.
    sql_statement read() const;

private:
    sql_dialect dialect_;
    std::string table_;
};

/// What was written in which turn: a row for each write, appended in its transaction and *after* it, so that the row's lock
/// orders the entries of one key. A program of its own can then verify that turns did not overlap.
class TURNSTILE_RECIPES_EXPORT sql_turn_log {
public:
    explicit sql_turn_log(sql_dialect dialect, std::string table = "turnstile_turns");

    sql_statement create() const;
    /// Columns key, operation, at; the token.
    sql_statement append() const;
    /// Returns entries (seq, key, token, operation, at) that came after one with a larger token: none, ever.
    sql_statement overtaken() const;
    /// Returns rows (id, fence) of the fenced table whose fence is not the newest token in the log: somebody entered or
    /// wrote without saying so. The log must have the id, as text, for its key, and an entry for each turn that entered. Who
    /// changes the row and leaves its fence alone is not seen here: keep such programs out with the database's permissions.
    sql_statement unaccounted(const sql_fence& fenced) const;

private:
    sql_dialect dialect_;
    std::string table_;
};

}  // namespace turnstile::inline v0

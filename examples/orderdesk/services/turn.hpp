// A turn at an order: read it, think, write it back. With something around it that keeps others off, or without.
//
// payd and priced are written against `turn` and are the same code in all runs of the race; only the guard differs:
//
//   none      correct whenever nobody else comes in between
//   version   writes only what nobody else has written meanwhile, or else tries again from the start
//   row       SELECT ... FOR UPDATE: the row is locked, and the transaction open, until the turn is over (SQLite, which has
//             no locks of rows: one transaction at a time)
//   lane      turnstile::lane: a turn with a deadline and a declared intent, and its fence in the row (lane_turn.hpp)
#pragma once

#include "desk/database.hpp"
#include "desk/event_log.hpp"
#include "desk/order.hpp"
#include "service.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

namespace orderdesk {

/// The row refused a write: a newer turn has begun.
class fenced_off : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// The row was written by somebody else since it was read: try again.
class stale : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

class turn {
public:
    turn() = default;
    turn(const turn&) = delete;
    turn& operator=(const turn&) = delete;
    virtual ~turn() = default;

    /// The order as it was when the turn began.
    virtual const order& entered() const = 0;

    /// Before each outside effect: throws errc::lost when somebody else may hold the order by now.
    virtual void check() const = 0;

    /// Writes the whole row and the history, in one transaction. Throws fenced_off, or stale.
    virtual void write(const order& o, const char* what) = 0;

    /// Whether what is about to happen outside is written down first. Not where a write is checked at the end: there, as it
    /// is usually done, the writer finds out afterwards whether it should have begun.
    virtual bool declares() const { return true; }
    /// How often this request has been tried, this time included.
    virtual int attempt() const { return 1; }

    // What a lane has, and nothing else.

    /// Writes down, where a successor is told, what is about to happen outside. Throws errc::lost.
    virtual void declare(const std::string&) {}
    /// What a turn before this one had declared and not brought to an end: find out what came of it, before anything else.
    virtual std::optional<std::string> left_behind() const { return std::nullopt; }
    /// We know it now.
    virtual void reconciled() {}
    /// write(), on behalf of another request: of one that died.
    virtual void write_for(const std::string&, const order& o, const char* what) { write(o, what); }
};

nlohmann::json answer(const char* outcome, const std::string& why = {});
/// It may have happened: ask again, in a moment.
nlohmann::json unknown_answer(const std::string& why);

enum class guard { none, version, row, lane };

struct guard_options {
    guard kind = guard::lane;
    std::string orders;  ///< where the order database is; empty: a file in the service's directory
    std::string servers;
    std::string root = "/orderdesk";
    int session_timeout_ms = 4000;
    int patience_ms = 15'000;
};

/// Adds --guard, --orders, --zookeeper, --root and --session-timeout.
void add_guard_options(CLI::App& app, guard_options& options);

class lane_keeper;

/// Connects when there is a guard that needs it. One per process.
class turnkeeper {
public:
    turnkeeper(const service_options& service, const guard_options& guarded, event_log& log);
    ~turnkeeper();
    turnkeeper(const turnkeeper&) = delete;
    turnkeeper& operator=(const turnkeeper&) = delete;

    /// A connection of one's own to the order database.
    std::shared_ptr<database> connect_to_orders() const { return std::make_shared<database>(orders_); }

    /// Gives `work` a turn at the order. Its answer is the answer; when there is no turn, or it is lost before anything was
    /// done, the answer is a refusal. `operation`: what for, in a word.
    nlohmann::json take_turn(database& db, order_id id, const std::string& operation, const std::string& request,
                             const std::function<nlohmann::json(turn&)>& work) const;

    event_log& log() const noexcept { return log_; }

private:
    using work_of_a_turn = std::function<nlohmann::json(turn&)>;
    nlohmann::json without_guard(database& db, order_id id, const std::string& request, const work_of_a_turn& work) const;
    nlohmann::json by_version(database& db, order_id id, const std::string& request, const work_of_a_turn& work) const;
    nlohmann::json with_row_locked(database& db, order_id id, const std::string& request, const work_of_a_turn& work) const;

    guard kind_;
    std::string orders_;
    event_log& log_;
    std::unique_ptr<const lane_keeper> lane_;  ///< constant after construction; none: the guard needs none
};

}  // namespace orderdesk

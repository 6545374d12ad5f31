// A turn at an order: read it, think, write it back. With a lock around it, or without.
//
// payd and priced are written against `turn` and are the same code in both runs of the race; only the guard differs.
#pragma once

#include "desk/database.hpp"
#include "desk/event_log.hpp"
#include "desk/order.hpp"
#include "service.hpp"

#include <turnstile/blocking.hpp>

#include <nlohmann/json.hpp>

#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>

namespace orderdesk {

/// The row refused a write: a newer turn has begun.
class fenced_off : public std::runtime_error {
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

    /// Writes the whole row and the history, in one transaction. Throws fenced_off.
    virtual void write(const order& o, const char* what) = 0;
};

nlohmann::json answer(const char* outcome, const std::string& why = {});

enum class guard { none, lock };

struct guard_options {
    guard kind = guard::lock;
    std::string servers;
    std::string root = "/orderdesk";
    int session_timeout_ms = 4000;
    int patience_ms = 15'000;
};

/// Adds --guard, --zookeeper, --root and --session-timeout.
void add_guard_options(CLI::App& app, guard_options& options);

/// Connects when there is a guard that needs it. One per process.
class turnkeeper {
public:
    turnkeeper(const service_options& service, const guard_options& guarded, event_log& log);
    /// Ends the ZooKeeper session, so that nobody has to wait for it to expire.
    ~turnkeeper();
    turnkeeper(const turnkeeper&) = delete;
    turnkeeper& operator=(const turnkeeper&) = delete;

    /// Gives `work` a turn at the order. Its answer is the answer; when there is no turn, or it is lost before anything was
    /// done, the answer is a refusal.
    nlohmann::json take_turn(database& db, order_id id, const std::string& request,
                             const std::function<nlohmann::json(turn&)>& work) const;

    event_log& log() const noexcept { return log_; }

private:
    nlohmann::json under_lock(database& db, order_id id, const std::string& request,
                              const std::function<nlohmann::json(turn&)>& work) const;
    nlohmann::json without_guard(database& db, order_id id, const std::string& request,
                                 const std::function<nlohmann::json(turn&)>& work) const;

    event_log& log_;
    std::chrono::milliseconds patience_;
    std::optional<turnstile::blocking::session> session_;  // constant after construction; none: no guard
};

}  // namespace orderdesk

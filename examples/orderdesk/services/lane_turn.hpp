// A turn at an order in its lane: who comes second waits, and who comes after one that died is told.
#pragma once

#include "turn.hpp"

#include <turnstile/blocking.hpp>
#include <turnstile/recipes/lane.hpp>

#include <chrono>
#include <functional>
#include <string>

namespace orderdesk {

class lane_keeper {
public:
    lane_keeper(const service_options& service, const guard_options& guarded, event_log& log);
    lane_keeper(const lane_keeper&) = delete;
    lane_keeper& operator=(const lane_keeper&) = delete;
    /// Ends the ZooKeeper session, so that nobody has to wait for it to expire.
    ~lane_keeper();

    /// A refusal is an answer, too: "come again", and when.
    nlohmann::json take_turn(database& db, order_id id, const std::string& operation, const std::string& request,
                             const std::function<nlohmann::json(turn&)>& work) const;

private:
    event_log& log_;
    std::chrono::milliseconds patience_;
    turnstile::blocking::session session_;
    turnstile::lane desk_;
};

}  // namespace orderdesk

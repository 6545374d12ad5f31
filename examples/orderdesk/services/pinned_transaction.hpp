// A transaction, and the connection that it keeps from others meanwhile.
#pragma once

#include "desk/database.hpp"
#include "desk/event_log.hpp"

#include <cstdint>

namespace orderdesk {

class pinned_transaction {
public:
    pinned_transaction(database& db, event_log& log) : log_{log}, in_{db} {}
    pinned_transaction(const pinned_transaction&) = delete;
    pinned_transaction& operator=(const pinned_transaction&) = delete;
    ~pinned_transaction() { log_.tell(event::pinned, 0, {}, {{"since", began_}}); }

    void commit() { in_.commit(); }

private:
    event_log& log_;
    const std::int64_t began_ = now_us();  // before it begins: SQLite lets it wait there
    transaction in_;
};

}  // namespace orderdesk

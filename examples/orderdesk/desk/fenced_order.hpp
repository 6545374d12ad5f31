// Fencing into a database row: the two statements of turnstile::sql_fence.
//
// A lock alone cannot stop a holder that slept through the loss of it. The row can: it remembers the highest fencing token
// that has entered, and takes writes of that one only.
//
//   enter   raises the fence AND reads, in one statement. No row: somebody newer was here.
//   write   wants equality. No row: somebody newer has come since.
//
// The recipe that is usually told, `WHERE fence <= :token` on the writes alone, is wrong: a zombie's write passes it as long
// as the new holder has read and not yet written, and what that holder read is stale then.
#pragma once

#include "database.hpp"
#include "order.hpp"

#include <turnstile/lease.hpp>

#include <optional>

namespace orderdesk::fenced_order {

/// The order as it is at the beginning of the turn; nullopt: a newer turn has begun already.
std::optional<order> enter(database& db, order_id id, turnstile::fencing_token token);

/// False: a newer turn has begun, and nothing was changed.
[[nodiscard]] bool write(database& db, const order& o, turnstile::fencing_token token);

}  // namespace orderdesk::fenced_order

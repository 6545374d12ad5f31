// What stands between a simulated process and the server: the part of a client library that receives while the process does
// something else. All that arrives is put into the process's inbox, and told when the process comes to it.
#pragma once

#include "client.hpp"
#include "scheduler.hpp"

#include <cstdint>
#include <memory>

namespace turnstile::simulation {

/// Who wants to know what passes. Called when an answer is told, not when it arrives.
class wire_tap {
public:
    virtual void connected(process_id p, std::int64_t session) = 0;
    /// The process knows now that its session is over.
    virtual void heard_of_the_end(std::int64_t session) = 0;
    virtual void submitted(std::int64_t session, const operation& o) = 0;
    virtual void answered(process_id p, const operation& o, const outcome& answer) = 0;

protected:
    ~wire_tap() = default;
};

std::shared_ptr<detail::transport> wire_of(process_id p, scheduler& s, wire_tap& tap,
                                           std::shared_ptr<detail::transport> server);

}  // namespace turnstile::simulation

// Where the events of a watcher's one-shot watches arrive. All members are guarded by the mutex of the session core that the
// mailbox belongs to; the core fills it, the watcher empties it.
#pragma once

#include <turnstile/connection_state.hpp>
#include <turnstile/watch.hpp>

#include "unique_function.hpp"

#include <memory>
#include <string>
#include <vector>

namespace turnstile::inline v0::detail {

class session_core;

class mailbox {
public:
    explicit mailbox(std::weak_ptr<session_core> core) : core_{std::move(core)} {}

    std::shared_ptr<session_core> core() const { return core_.lock(); }

    std::vector<watch_event> events;
    /// Why there will be no further event.
    error_code over;
    /// Called (outside the core's mutex) after an event has arrived or `over` was set; then empty.
    unique_function<void()> notify;
    /// Where it has watches: the watch table's own keys. The table's business.
    std::vector<const std::string*> watching;
    /// The ZooKeeper session that the watches live in; none before the first.
    epoch in = epoch::none;

private:
    const std::weak_ptr<session_core> core_;
};

}  // namespace turnstile::inline v0::detail

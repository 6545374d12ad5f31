// Deletes that must happen: nodes of attempts that were cancelled, timed out or released. Each is repeated until the server
// has said that the node is gone, or the ZooKeeper session, which takes its ephemerals along, is over.
#pragma once

#include <turnstile/connection_state.hpp>
#include <turnstile/error.hpp>

#include "once.hpp"
#include "unique_function.hpp"

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace turnstile::inline v0::detail {

class session_core;

class sweeper {
public:
    explicit sweeper(session_core& core) : core_{core} {}

    /// Deletes a node that was created in `in`. Sends at once, in order with the session's other operations. `told` gets: no
    /// error, the node was there and is gone; errc::no_node, it had gone before; or why the session is over.
    /// `together`: in a transaction with others, when there are many; then it is in order with those that do the same.
    void erase(epoch in, std::string path, unique_function<void(error_code)> told = nullptr, bool together = false);

    /// Deletes the children of `directory` whose name contains `marker`: what a create whose answer never came may have
    /// left. Looks behind a sync, because the server that answers may not have heard of the node yet.
    void erase_marked(epoch in, std::string directory, std::string marker);

    /// Completes when nothing is left to do.
    void when_idle(const std::shared_ptr<once<error_code>>& waiting);

private:
    void begin();
    void end();
    void try_erase(epoch in, std::string path, bool doubted, unique_function<void(error_code)> told, bool together = false);
    void look_for_marked(epoch in, std::string directory, std::string marker);

    session_core& core_;
    std::mutex mutex_;
    // Guarded by mutex_.
    std::size_t open_ = 0;
    std::vector<std::shared_ptr<once<error_code>>> waiting_;
};

}  // namespace turnstile::inline v0::detail

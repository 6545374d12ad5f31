// A process's sign of life, for claims that outlive it: one ephemeral znode for all of them.
//
//     <base>/members/00000100a2b3c4d5
//
// A claim (of an idempotency key, of a message) is a persistent znode, because it has to survive the one who made it. It
// names its owner, and the owner is alive for as long as its member node is there. One node for a process instead of one for
// each claim: an ephemeral node costs its session, and every server, more than a persistent one.
//
// Its name is the id of the ZooKeeper session. When that ends, a new one bears another name: what the old one had claimed is
// an orphan then, also if the process lives on.
//
// Thread safety: all members from any thread. Copies are the same membership.
#pragma once

#include <turnstile/deadline.hpp>
#include <turnstile/recipes/export.hpp>
#include <turnstile/session.hpp>

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <string>

namespace turnstile::inline v0 {

class TURNSTILE_RECIPES_EXPORT membership {
public:
    /// Throws errc::bad_path. Costs nothing.
    explicit membership(session s, std::string base = "/turnstile");

    /// Our name, of which the node is there. Cost: none, or 1 round trip and 1 write, once in a ZooKeeper session (2 where
    /// nobody has ever been a member). Errors: errc::timed_out, errc::not_connected.
    boost::asio::awaitable<std::string> name(deadline until = {}) const;

    /// Whether the member of that name is alive: behind a sync, so that one who is told to be dead is dead for all. Cost: 1
    /// round trip.
    boost::asio::awaitable<bool> alive(std::string name, deadline until = {}) const;

    /// Where the members are.
    const std::string& directory() const noexcept;
    const session& get_session() const noexcept;

private:
    struct state;
    std::shared_ptr<state> state_;
};

}  // namespace turnstile::inline v0

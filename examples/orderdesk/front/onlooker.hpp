// Somebody who looks at the lanes and takes no turn: who holds, who waits, and what is left when all have gone.
#pragma once

#include "stage.hpp"

#include <turnstile/blocking.hpp>
#include <turnstile/recipes/lane.hpp>

#include <string>
#include <vector>

namespace orderdesk {

class onlooker {
public:
    explicit onlooker(const stage& st);
    ~onlooker();
    onlooker(const onlooker&) = delete;
    onlooker& operator=(const onlooker&) = delete;

    /// By process, front() holds.
    std::vector<std::string> line_of(order_id id) const;

    /// What its holder, or a dead one, has declared; empty: nothing.
    std::string intent_of(order_id id) const;

    /// Nodes of places, intents and members: what should be gone when everybody has left. Not what is registered, nor what a
    /// gate remembers.
    std::vector<std::string> nodes_left() const;

private:
    std::vector<std::string> children(const std::string& path) const;

    turnstile::blocking::session session_;
    turnstile::lane desk_;
};

}  // namespace orderdesk

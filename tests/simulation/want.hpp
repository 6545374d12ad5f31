// What a contender asks for, by whatever recipe: some key or keys of the world, and the verbs that ask for them.
#pragma once

#include "world.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace turnstile::simulation {

struct want {
    std::vector<claimed> what;
    bool writes = false;  ///< may become a reader
    bool stays = false;   ///< what is released may stay with the process
    bool elects = false;  ///< may be led as well
    std::function<boost::asio::awaitable<lease>(acquire_options)> acquire;
    std::function<boost::asio::awaitable<std::optional<lease>>(acquire_options)> try_acquire;
    std::function<boost::asio::awaitable<std::optional<lease>>(acquire_options)> try_until;

    want() = default;
    const std::string& key() const { return what.front().key; }
};

/// By the dice.
want something_to_want(world& w, process_id p, const session& s);

}  // namespace turnstile::simulation

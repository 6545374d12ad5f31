// Lanes on a server in memory and on a real one, and those who wait there.
#pragma once

#include "lane_room.hpp"
#include "recipe_room.hpp"

#include <cstddef>
#include <string>
#include <variant>

namespace turnstile::test {

class lane_on : public recipe_on {
protected:
    /// A turn that ends when the test says so.
    running<std::variant<turn, refusal>> ask(const lane& l, const turn_keys& keys, deadline until = patience)
    {
        return run_.spawn(l.enter(keys, {"", until}));
    }

    std::size_t waiting(const lane& l) { return wait(l.inspect(key)).line.size(); }

    void expect_waiting(const lane& l, std::size_t n)
    {
        EXPECT_TRUE(eventually([&] { return waiting(l) == n; })) << waiting(l) << " instead of " << n;
    }

    /// All children of all shards.
    std::size_t nodes_of(const std::string& kind)
    {
        std::size_t all = 0;
        for (const auto& shard : zk_->children("/turnstile/lanes/" + kind))
            all += zk_->children("/turnstile/lanes/" + kind + "/" + shard).size();
        return all;
    }

    void expect_empty(const std::string& kind)
    {
        EXPECT_TRUE(eventually([&] { return nodes_of(kind) == 0; })) << nodes_of(kind) << " nodes are left";
    }

    session s_ = open();
};

}  // namespace turnstile::test

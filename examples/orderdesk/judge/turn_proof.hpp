// Was anything written outside a turn? The log of turns and the history were written in the same transactions, so they can
// be laid beside each other: each change belongs to the turn whose token it bears, and lies between that turn's beginning
// and the next one's; and each order is as its last change left it, so nobody has written past the history.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace orderdesk {

struct turn_proof {
    std::int64_t turns = 0;
    std::int64_t rows = 0;              ///< changes of orders
    std::int64_t outside = 0;           ///< of them, and orders that are not as their last change left them
    std::vector<std::string> examples;  ///< the first few, in words
};

/// `dir` holds orders.db.
turn_proof prove_turns(const std::filesystem::path& dir);

}  // namespace orderdesk

// What a test occupies, in this process and on the server.
#pragma once

#include <turnstile/testing/server.hpp>

#include <support/occupied.hpp>

#include <cstdint>
#include <ostream>

namespace turnstile::test {

struct footprint {
    std::int64_t heap = heap_bytes();
    std::int64_t descriptors = count_in_proc("fd");
    std::int64_t threads = count_in_proc("task");
    std::int64_t watches;
    std::int64_t ephemerals;
    std::int64_t nodes;
    std::int64_t connections;

    explicit footprint(const testing::server& zk)
        : watches{zk.metric("zk_watch_count")},
          ephemerals{zk.metric("zk_ephemerals_count")},
          nodes{zk.metric("zk_znode_count")},
          connections{zk.metric("zk_num_alive_connections")}
    {
    }

    /// Back where we were before: exactly, but for `slack` bytes of memory.
    bool is_no_more_than(const footprint& before, std::int64_t slack) const
    {
        return heap <= before.heap + slack && descriptors <= before.descriptors && threads <= before.threads &&
               watches <= before.watches && ephemerals <= before.ephemerals && nodes <= before.nodes &&
               connections <= before.connections;
    }

    friend std::ostream& operator<<(std::ostream& out, const footprint& f)
    {
        return out << f.heap / 1024 << " KiB, " << f.descriptors << " descriptors, " << f.threads
                   << " threads; server: " << f.nodes << " nodes, " << f.ephemerals << " ephemerals, " << f.watches
                   << " watches, " << f.connections << " connections";
    }
};

}  // namespace turnstile::test

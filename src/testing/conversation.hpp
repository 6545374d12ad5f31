// What client and server have said to each other on one connection, and which of it is to be cut off. No I/O.
#pragma once

#include <turnstile/testing/proxy.hpp>

#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

namespace turnstile::inline v0::testing {

/// The cuts that a test has ordered and that have not struck yet.
class armed_cuts {
public:
    enum class moment { request_arrives, reply_arrives };

    void arm(moment when, proxy_opcode which, int nth) { cuts_.push_back({when, which, nth}); }
    void disarm() { cuts_.clear(); }

    /// Counts a request; true when it is one that somebody waits for. Both kinds count from its arrival, so that "the next
    /// request" is never one that was under way already.
    bool strikes(moment when, proxy_opcode what);

private:
    struct cut {
        moment when;
        proxy_opcode which;
        int left;
    };
    std::vector<cut> cuts_;
};

class conversation {
public:
    conversation(armed_cuts& cuts, proxy_counters& counters) : cuts_{cuts}, counters_{counters} {}

    /// A frame has arrived. True: cut here, and do not forward it.
    bool cuts_request(std::string_view frame);
    bool cuts_reply(std::string_view frame);

private:
    proxy_opcode opcode_of(std::string_view frame) const;

    armed_cuts& cuts_;
    proxy_counters& counters_;
    bool greeted_ = false;   // the ConnectRequest has been seen
    bool answered_ = false;  // its answer has
    bool doomed_greeting_ = false;
    /// Requests without a reply so far: xid, and whether the reply is to be cut. Several share an xid only where ZooKeeper's
    /// own are fixed (authentication, watches), and then they are answered in order.
    std::multimap<std::int32_t, bool> open_;
};

}  // namespace turnstile::inline v0::testing

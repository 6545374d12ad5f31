// ZooKeeper's frames, as far as one who stands between a client and its server must understand them.
//
// Every frame is a 4-byte big-endian length and so many bytes. A client's first is the ConnectRequest, the server's first
// the answer to it; after these a request begins with xid and opcode, a reply with xid, zxid and error.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace turnstile::inline v0::testing {

/// Cuts a stream of bytes into frames, whatever pieces it arrives in.
class frame_splitter {
public:
    /// The frames (with their lengths in front) that `bytes` completes. What does not look like a frame, a four-letter word
    /// for example, and all that follows it, is passed on in the pieces in which it comes: see raw().
    std::vector<std::string> feed(std::string_view bytes);

    bool raw() const noexcept { return raw_; }

private:
    std::string unfinished_;
    bool raw_ = false;
};

struct request_header {
    std::int32_t xid;
    std::int32_t opcode;
};

/// nullopt: too short for one.
std::optional<request_header> request_of(std::string_view frame);

/// The xid that a reply (or an event, -1) carries.
std::optional<std::int32_t> reply_xid_of(std::string_view frame);

}  // namespace turnstile::inline v0::testing

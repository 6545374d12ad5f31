// The first words of one server that calls another to elect a leader: who it is, and the address of its own election port.
//
// The called one may hang up and call back, at that very address: around every proxy, unless the proxy puts another one
// into the greeting. No I/O.
//
//     8 bytes: -65536, the version     8 bytes: the caller's id     4 bytes: a length, and so many of "127.0.0.1:3888"
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace turnstile::inline v0::testing {

class election_greeting {
public:
    explicit election_greeting(std::string announced) : announced_{std::move(announced)} {}

    /// What is to be passed on of the stream so far: nothing before the greeting is complete, everything as it is after it.
    /// What is no such greeting is left as it is.
    std::string feed(std::string_view bytes);

private:
    const std::string announced_;
    std::string unfinished_;
    bool over_ = false;
};

}  // namespace turnstile::inline v0::testing

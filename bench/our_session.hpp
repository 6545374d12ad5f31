// What our side of every workload begins and ends with.
#pragma once

#include <turnstile/blocking.hpp>
#include <turnstile/session.hpp>

#include <chrono>
#include <exception>
#include <string>
#include <utility>

namespace bench {

/// Both sides ask for as much, so that both ping as often.
inline constexpr std::chrono::milliseconds session_timeout{10'000};

/// For co_spawn: an error of a measured coroutine ends the program, instead of making it look fast.
inline constexpr auto or_die = [](std::exception_ptr error) {
    if (error)
        std::rethrow_exception(error);
};

/// Connected; closed at the end of its scope.
class our_session {
public:
    explicit our_session(const std::string& servers, std::size_t ephemeral_bytes_max = 256 * 1024)
        : session_{turnstile::session::open(options(servers, ephemeral_bytes_max))}
    {
        turnstile::blocking::wait(session_.connected(std::chrono::seconds{30}));
    }
    ~our_session() { turnstile::blocking::wait(session_.close()); }
    our_session(const our_session&) = delete;
    our_session& operator=(const our_session&) = delete;

    turnstile::session get() const { return session_; }

private:
    static turnstile::session_options options(const std::string& servers, std::size_t ephemeral_bytes_max)
    {
        turnstile::session_options o{servers};
        o.session_timeout = session_timeout;
        o.ephemeral_bytes_max = ephemeral_bytes_max;
        return o;
    }

    turnstile::session session_;
};

}  // namespace bench

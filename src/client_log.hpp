// libzookeeper's own log, into the SDK's logger. Its callback has no context, so there is one for the process: the logger of
// the session that was opened last. It writes a line per failed connect; a server that is down for a minute must not fill a
// disk.
#pragma once

#include <spdlog/fwd.h>

#include <chrono>
#include <cstddef>
#include <memory>

namespace turnstile::inline v0::detail {

/// A few lines at once, then one now and then, and how many were left out.
class log_limit {
public:
    using clock = std::chrono::steady_clock;

    struct verdict {
        bool write;
        std::size_t left_out;  ///< since the last line that was written
    };

    verdict ask(clock::time_point now);
    void relax() noexcept { written_ = 0; }

private:
    std::size_t written_ = 0;
    std::size_t left_out_ = 0;
    clock::time_point last_{};
};

class client_log {
public:
    static void use(const std::shared_ptr<spdlog::logger>& log);
    /// A connection is up: the next trouble is a new one.
    static void relax();
    static void write(const char* line);
};

}  // namespace turnstile::inline v0::detail

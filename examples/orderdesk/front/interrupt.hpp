// Ctrl-C, as an exception at the places where the front program waits: everything it started ends in destructors.
#pragma once

#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>

namespace orderdesk {

class interrupted : public std::exception {
public:
    explicit interrupted(int signal) noexcept : signal_{signal} {}
    int signal() const noexcept { return signal_; }
    const char* what() const noexcept override { return "interrupted"; }

private:
    int signal_;
};

/// From now on SIGINT and SIGTERM are what pause() throws.
void catch_interrupts();

/// Sleeps. Throws interrupted.
void pause(std::chrono::milliseconds t);

/// Looks again and again until `condition` holds. Throws interrupted, and std::runtime_error that names what did not come.
void wait_until(const std::string& what, const std::function<bool()>& condition,
                std::chrono::seconds patience = std::chrono::seconds{30});

}  // namespace orderdesk

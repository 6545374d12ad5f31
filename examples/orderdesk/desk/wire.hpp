// One JSON object a line, over loopback TCP; one question and one answer per connection. All that the programs say to each
// other directly.
#pragma once

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace orderdesk {

using port_number = std::uint16_t;

/// Asks, and waits for the answer. Throws std::system_error when nobody answers within `patience`, or hangs up.
nlohmann::json ask(port_number port, const nlohmann::json& question,
                   std::chrono::milliseconds patience = std::chrono::seconds{60});

/// Listens on 127.0.0.1, on a port that the system chooses, and answers with `threads` threads.
class answering {
public:
    using answer = std::function<nlohmann::json(const nlohmann::json& question)>;

    /// `make_worker` runs once in each thread: what it makes may keep a database connection of its own.
    answering(int threads, std::function<answer()> make_worker);
    answering(const answering&) = delete;
    answering& operator=(const answering&) = delete;
    /// Takes no more questions, and waits for the answers that are under way.
    ~answering();

    port_number port() const noexcept { return port_; }

private:
    int listener_;
    port_number port_ = 0;
    std::vector<std::jthread> threads_;
};

}  // namespace orderdesk

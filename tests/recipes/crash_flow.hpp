// What a process that dies on the way and those who come after it have in common: the effect, which is a line in a file,
// and the steps that it has come to. Both are written at once, so that they outlive a SIGKILL.
#pragma once

#include <turnstile/recipes/lane.hpp>
#include <turnstile/recipes/message_gate.hpp>
#include <turnstile/recipes/once_gate.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <fstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace turnstile::test::crash {

/// Lines in a file, each appended in one write.
class ledger {
public:
    explicit ledger(std::string file) : file_{std::move(file)} {}

    void append(const std::string& line) const
    {
        const int fd = ::open(file_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        const auto text = line + "\n";
        const bool written = fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
        ::close(fd);
        if (!written)
            throw std::runtime_error{"cannot write " + file_};
    }

    std::vector<std::string> lines() const
    {
        std::vector<std::string> all;
        std::ifstream in{file_};
        for (std::string line; std::getline(in, line);)
            all.push_back(line);
        return all;
    }

    bool has(const std::string& line) const
    {
        const auto all = lines();
        return std::find(all.begin(), all.end(), line) != all.end();
    }

private:
    std::string file_;
};

using checkout = resource_kind<"checkout", "user:u64">;
using order = resource_kind<"order", "id:u64">;

inline const std::string intent = "charge 12.50 key 42-7";
inline const std::string print = "digest-1";

inline once_options once_in(const std::string& base)
{
    once_options o;
    o.base = base;
    o.policy.shards = 1;
    return o;
}

inline lane_options lane_in(const std::string& base)
{
    lane_options o;
    o.base = base;
    o.policy.shards = 1;
    return o;
}

inline message_options messages_in(const std::string& base)
{
    message_options o;
    o.base = base;
    o.policy.shards = 1;
    return o;
}

/// The same from whichever process: a redelivery bears the producer's time. `since_epoch`: in seconds.
inline message the_message(long since_epoch)
{
    return {"m1", std::chrono::system_clock::time_point{std::chrono::seconds{since_epoch}}, print};
}

}  // namespace turnstile::test::crash

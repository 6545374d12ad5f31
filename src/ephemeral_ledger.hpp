// Counts the bytes of path of the ephemeral nodes that a session owns: closing one that owns some 2 MiB of them kills every
// server of the ensemble (ZOOKEEPER-4306), so the session stops long before. The paths are known by their hashes: two that
// collide would only count as one.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <unordered_set>

namespace turnstile::inline v0::detail {

class ephemeral_ledger {
public:
    explicit ephemeral_ledger(std::size_t bytes_max) : bytes_max_{bytes_max} {}

    bool has_room(std::size_t path_bytes) const noexcept { return bytes_ + expected_ + path_bytes <= bytes_max_; }

    /// A create is on its way, and has ended.
    void expect(std::size_t path_bytes) noexcept { expected_ += path_bytes; }
    void settled(std::size_t path_bytes) noexcept { expected_ -= path_bytes; }

    void add(const std::string& path)
    {
        if (paths_.insert(std::hash<std::string>{}(path)).second)
            bytes_ += path.size();
    }
    void remove(const std::string& path)
    {
        if (paths_.erase(std::hash<std::string>{}(path)) != 0)
            bytes_ -= path.size();
    }
    void clear()
    {
        paths_.clear();
        bytes_ = 0;
    }

    std::size_t bytes() const noexcept { return bytes_; }
    std::size_t size() const noexcept { return paths_.size(); }

private:
    const std::size_t bytes_max_;
    std::size_t bytes_ = 0;
    std::size_t expected_ = 0;
    std::unordered_set<std::size_t> paths_;
};

}  // namespace turnstile::inline v0::detail

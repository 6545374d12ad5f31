// What happened in runs, counted by name: a simulation that never met an expiry has shown nothing about expiries.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace turnstile::simulation {

class census {
public:
    void count(std::string_view what, std::uint64_t times = 1)
    {
        const auto at = counts_.find(what);
        if (at != counts_.end())
            at->second += times;
        else
            counts_.emplace(what, times);
    }
    std::uint64_t of(std::string_view what) const
    {
        const auto at = counts_.find(what);
        return at == counts_.end() ? 0 : at->second;
    }
    const std::map<std::string, std::uint64_t, std::less<>>& all() const noexcept { return counts_; }

private:
    std::map<std::string, std::uint64_t, std::less<>> counts_;
};

}  // namespace turnstile::simulation

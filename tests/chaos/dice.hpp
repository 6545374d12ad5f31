// Chance that comes out the same for the same seed, on every machine: the standard fixes the engine, not the distributions.
#pragma once

#include <chrono>
#include <cstdint>
#include <random>
#include <string_view>

namespace turnstile::chaos {

class dice {
public:
    explicit dice(std::uint64_t seed) : engine_{seed} {}

    /// 0 to n - 1.
    std::uint64_t below(std::uint64_t n) { return engine_() % n; }
    bool one_in(std::uint64_t n) { return below(n) == 0; }
    std::chrono::milliseconds between(std::chrono::milliseconds least, std::chrono::milliseconds most)
    {
        return least + std::chrono::milliseconds{below(static_cast<std::uint64_t>((most - least).count()) + 1)};
    }

private:
    std::mt19937_64 engine_;
};

/// A seed of its own for everybody who has a name, from the one of the run (FNV-1a).
inline std::uint64_t seed_for(std::uint64_t run, std::string_view name)
{
    std::uint64_t hash = 14695981039346656037ULL ^ run;
    for (const char c : name)
        hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
    return hash;
}

}  // namespace turnstile::chaos

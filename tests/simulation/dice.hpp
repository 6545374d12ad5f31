// All chance of a run, from one seed. The engine is fixed by the standard; its distributions are not, so we do without them.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

namespace turnstile::simulation {

class dice {
public:
    explicit dice(std::uint64_t seed) : engine_{seed} {}

    /// One of 0 … n-1.
    std::uint64_t below(std::uint64_t n) { return n == 0 ? 0 : engine_() % n; }
    std::uint64_t between(std::uint64_t least, std::uint64_t most) { return least + below(most - least + 1); }
    /// True once in n; never, for 0.
    bool one_in(std::uint64_t n) { return n != 0 && below(n) == 0; }
    std::chrono::nanoseconds up_to(std::chrono::nanoseconds most)
    {
        return std::chrono::nanoseconds{below(static_cast<std::uint64_t>(most.count()) + 1)};
    }
    template <class T>
    const T& one_of(const std::vector<T>& all)
    {
        return all[below(all.size())];
    }

private:
    std::mt19937_64 engine_;
};

}  // namespace turnstile::simulation

// The deterministic simulation: see docs/simulation.md.
#include "apart.hpp"
#include "must_happen.hpp"
#include "run.hpp"

#include <spdlog/fmt/fmt.h>
#include <CLI/CLI.hpp>

#include <cstdint>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace turnstile::simulation;

constexpr std::size_t tail = 60;

void print_trace(const verdict& v, std::size_t lines)
{
    for (std::size_t i = v.trace.size() - std::min(lines, v.trace.size()); i < v.trace.size(); ++i)
        fmt::print("{}\n", v.trace[i]);
}

void report(std::uint64_t seed, const verdict& v)
{
    fmt::print("seed {}: {}\n", seed, v.violation);
    fmt::print("the end of it (all: simulate --seed {} --trace):\n", seed);
    print_trace(run_apart(seed, true), tail);
}

/// What should have happened and never did.
int missing(const census& all)
{
    int count = 0;
    for (const auto* what : must_happen)
        if (all.of(what) == 0) {
            fmt::print("never happened: {}\n", what);
            ++count;
        }
    return count;
}

}  // namespace

int main(int argc, char** argv)
{
    std::uint64_t seed = 1;
    std::uint64_t seeds = 1;
    std::uint64_t failures_max = 1;
    bool trace = false;
    bool here = false;
    bool all_must_happen = false;
    CLI::App app{"Runs the recipes in simulated worlds, one for each seed"};
    app.add_option("--seed", seed, "the first seed");
    app.add_option("--seeds", seeds, "how many");
    app.add_option("--failures", failures_max, "stop after so many");
    app.add_flag("--trace", trace, "print all that happens");
    app.add_flag("--here", here, "run in this process: for a debugger");
    app.add_flag("--all-must-happen", all_must_happen, "fail when a kind of event never came");
    CLI11_PARSE(app, argc, argv);

    census all;
    std::uint64_t steps = 0;
    std::uint64_t failures = 0;
    for (auto s = seed; s < seed + seeds && failures < failures_max; ++s) {
        const auto v = here ? run_seed(s, trace) : run_apart(s, trace);
        if (trace)
            print_trace(v, v.trace.size());
        for (const auto& [what, times] : v.counts.all())
            all.count(what, times);
        steps += v.steps;
        if (!v.violation.empty()) {
            ++failures;
            report(s, v);
        }
    }
    if (!trace)
        for (const auto& [what, times] : all.all())
            fmt::print("{:>10} {}\n", times, what);
    fmt::print("{} seeds from {}, {} steps, {} failed\n", seeds, seed, steps, failures);
    return failures != 0 || (all_must_happen && missing(all) != 0) ? 1 : 0;
}

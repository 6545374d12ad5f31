// What a run has to bring about for its verdict to mean anything, and how a soak is cut into runs.
#pragma once

#include <turnstile/testing/history.hpp>

#include <chrono>
#include <cstdint>

namespace turnstile::chaos {

struct run_requirements {
    testing::history_requirements of_history;

    /// What the veteran must have gone through. None of it: it is looked at, and not judged.
    std::int64_t veteran_faults = 0;
    std::int64_t veteran_sessions = 0;

    bool judges_veteran() const { return veteran_faults > 0; }
};

/// Of a minute: too short to see whether anything grows.
run_requirements smoke_requirements();
/// Of ten minutes.
run_requirements chaos_requirements();
/// Of a phase of a soak: those of ten minutes, in proportion to its length.
run_requirements phase_requirements(std::chrono::seconds length);

/// The length of the next phase: what remains is cut into equal ones of about the usual length, so that no scrap is left.
std::chrono::seconds phase_length(std::chrono::seconds remaining, std::chrono::seconds usual);

}  // namespace turnstile::chaos

// One run, from the first server's start to the verdict.
#pragma once

#include "stage.hpp"

#include <turnstile/testing/history.hpp>

#include <chrono>
#include <functional>

namespace turnstile::chaos {

struct run_options {
    stage_options stage;
    std::chrono::seconds length{600};
    testing::history_requirements required;

    run_options() = default;
};

struct run_result {
    testing::history_verdict verdict;
    std::map<std::string, std::int64_t> failures;  ///< answers that were errors, by reason
    std::vector<std::string> stuck;
    std::string harness;  ///< what the harness itself died of; empty: nothing

    bool good() const { return verdict.ruling == testing::history_ruling::kept && stuck.empty() && harness.empty(); }
};

/// What a run of about ten minutes, and one of a minute, have to bring about.
testing::history_requirements chaos_requirements();
testing::history_requirements smoke_requirements();

/// Tells its progress on stdout. `interrupted` ends it early, and cleanly.
run_result run(const run_options& how, const std::function<bool()>& interrupted);

}  // namespace turnstile::chaos

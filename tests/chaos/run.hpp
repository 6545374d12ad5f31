// One run, from the first server's start to the verdict.
#pragma once

#include "requirements.hpp"
#include "stage.hpp"

#include <turnstile/testing/history.hpp>

#include <chrono>
#include <functional>

namespace turnstile::chaos {

struct run_options {
    stage_options stage;
    std::chrono::seconds length{600};
    run_requirements required;

    run_options() = default;
};

struct run_result {
    testing::history_verdict verdict;
    std::map<std::string, std::int64_t> failures;  ///< answers that were errors, by reason
    std::vector<std::string> stuck;
    std::vector<std::string> veteran;  ///< in which it grew, or why that cannot be told
    std::string harness;               ///< what the harness itself died of; empty: nothing

    /// Nothing was wrong. Whether enough happened for that to mean anything is another question.
    bool sound() const { return verdict.ruling != testing::history_ruling::broken && stuck.empty() && harness.empty(); }
    bool good() const { return sound() && verdict.ruling == testing::history_ruling::kept && veteran.empty(); }
};

/// Tells its progress on stdout. `interrupted` ends it early, and cleanly.
run_result run(const run_options& how, const std::function<bool()>& interrupted);

}  // namespace turnstile::chaos

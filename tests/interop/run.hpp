// One run: contenders of all languages in one line, some of them killed, until each language has had its share; then the
// verdict.
#pragma once

#include "arena.hpp"

#include <turnstile/testing/history.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace turnstile::interop {

struct run_options {
    std::filesystem::path directory;
    bool read_write = false;  ///< the read/write locks of all three; else their mutexes
    std::vector<language> spoken{languages.begin(), languages.end()};
    std::string kazoo_names = "shared";
    std::int64_t share = 1'000;  ///< grants for each language, at least
    int processes = 2;           ///< of each language
    int callers = 2;             ///< in each process
    int kills = 4;               ///< of each language: every second one in the midst of its turn

    run_options() = default;
};

using grants_by_language = std::map<language, std::int64_t>;

struct run_result {
    testing::history_verdict verdict;
    grants_by_language grants;
    std::int64_t shared_turns = 0;   ///< of readers, with one of another language inside
    std::vector<std::string> stuck;  ///< processes that did not end when told to
    std::string harness;             ///< what the run itself died of; empty: nothing
    std::chrono::milliseconds length{0};

    bool good() const;
};

run_result run(const run_options& how);

/// The figures, and the verdict.
std::string page_of(const run_options& how, const run_result& result);

}  // namespace turnstile::interop

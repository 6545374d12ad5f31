// Processes that stand in a line, in three languages: `contender.cpp` with Turnstile, `curator/` with Apache Curator, and
// `kazoo/` with kazoo. They are told the same in the same words, and write the same events into one history:
//
//     --name cpp-1.1             in the history; who is started again has a new name
//     --servers, --session-timeout MS
//     --path, --key              the line, and what the history calls it
//     --history, --resource      a file; the socket of tests/chaos/resource.hpp
//     --boot-offset NS           how far CLOCK_BOOTTIME is ahead of CLOCK_MONOTONIC
//     --as                       mutex, reader, writer, or mixed: one call in four a writer's. Curator's also: downgrader
//     --names                    which names kazoo gives and knows: own, told, shared (kazoo/locks.py)
//     --callers N                that ask again and again, at the same time
//     --stop FILE                when it is there nobody asks any more, and the process ends
//     --stay FILE                no holding ends before it is there
//     --go-on FILE               a downgrader downgrades when it is there
#pragma once

#include "testing/child_process.hpp"

#include <signal.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace turnstile::interop {

enum class language { cpp, curator, kazoo };

inline constexpr std::array languages{language::cpp, language::curator, language::kazoo};

std::string_view name_of(language l) noexcept;
/// That of a process, by its name, or one by its own name. Throws std::invalid_argument.
language language_of(std::string_view process);

/// A file that is always there: for what shall not be waited for.
inline constexpr auto at_once = "/";

struct contender_options {
    std::string name;
    language speaks = language::cpp;
    std::string as = "mutex";
    std::string names = "shared";
    int callers = 1;
    std::filesystem::path stay = at_once;
    std::filesystem::path go_on = at_once;

    contender_options() = default;
    contender_options(language speaks_, std::string name_) : name{std::move(name_)}, speaks{speaks_} {}
};

/// What all contenders of an arena are told.
struct common_ground {
    std::string servers;
    std::chrono::milliseconds session_timeout{3'000};
    std::string path = "/locks/orders/42";
    std::string key = "orders/42";
    std::filesystem::path directory;  ///< logs
    std::filesystem::path history;
    std::filesystem::path resource;
    std::filesystem::path stop;

    common_ground() = default;
};

class contender {
public:
    contender(contender_options how, const common_ground& where);

    const std::string& name() const { return how_.name; }
    language speaks() const { return how_.speaks; }
    bool running() const { return process_.running(); }
    /// SIGSTOP, until thaw().
    void freeze() const { process_.freeze(); }
    void thaw() const { process_.signal(SIGCONT); }
    /// kill -9, and waits for its end.
    void kill();
    bool ended_within(std::chrono::milliseconds patience) { return process_.ended_within(patience); }

private:
    const contender_options how_;
    testing::child_process process_;
};

}  // namespace turnstile::interop

// Another library beside us, in a process of its own that is told what to do (see told_process.hpp):
//
//     pairs WHAT DIRECTORY N     N times taken and given back by one thread: "acquire µs µs ...", "pair µs µs ..."
//     loop WHAT DIRECTORY MS     the same again and again, for so long: "pairs n", "seconds s"
//     race WHAT DIRECTORY N      N contenders with a session each begin
//     count                      since then: "grants n", "given-up n"
//     finish                     they end: "hand-over µs µs ...", from just before each release to the grant that followed
//     hold DIRECTORY LINES       each line gets a holder
//     wait DIRECTORY LINES N     N callers of another session wait behind those, and do so for ever
//
// One process serves a whole run, so that what has been compiled stays compiled; it runs with its language's own defaults.
#pragma once

#include "told_process.hpp"
#include "usage.hpp"
#include "workload.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace bench {

class library {
public:
    /// Apache Curator in a JVM: bench/curator has its side.
    static std::shared_ptr<library> curator();
    /// kazoo in a Python interpreter: bench/kazoo has its side.
    static std::shared_ptr<library> kazoo();

    /// The same in a process of its own, for what can be measured only once in a process's life.
    std::shared_ptr<library> another() const;

    /// The first question starts it.
    answer ask(const arena& where, const std::string& request);

    /// Counts from now on. It must have been asked something.
    meter_of_another meter(const arena& where) const;
    footprint occupies() const { return footprint_of(process_->pid()); }

    const std::string& name() const { return name_; }

private:
    friend peer beside(std::shared_ptr<library> who, std::function<reading(library&, const arena&)> go);

    library(std::string name, std::vector<std::string> command, bool wants_warm_up, std::string missing);

    // Constant after construction.
    const std::string name_;
    const std::vector<std::string> command_;
    const bool wants_warm_up_;
    const std::string missing_;  ///< Debian's packages that the build did not find; empty when it can be started

    std::unique_ptr<told_process> process_;
};

/// All there are.
struct libraries {
    std::shared_ptr<library> curator = library::curator();
    std::shared_ptr<library> kazoo = library::kazoo();
};

/// As a side of a workload. `go` is not called where something is missing.
peer beside(std::shared_ptr<library> who, std::function<reading(library&, const arena&)> go);

}  // namespace bench

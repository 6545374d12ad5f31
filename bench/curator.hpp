// Apache Curator beside us: a JVM that does what it is told, line by line, over a connection of its own.
//
//     pairs WHAT DIRECTORY N     N times taken and given back by one thread: "acquire µs µs ...", "pair µs µs ..."
//     race WHAT DIRECTORY N      N contenders with a session each begin
//     count                      since then: "grants n", "given-up n"
//     finish                     they end
//
// Each answer ends with "done" or "failed WHY". What there is to take is said in curator/Turn.java and curator/Race.java.
// One JVM serves a whole run, so that what has been compiled stays compiled; it has Java's own defaults.
#pragma once

#include "usage.hpp"
#include "workload.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace bench {

class curator {
public:
    using answer = std::map<std::string, std::vector<double>>;

    /// Starts nothing yet.
    curator();
    ~curator();

    /// Debian's packages that the build did not find; empty when it can be started.
    static std::string missing();

    /// As a side of a workload. `go` is not called where something is missing.
    static peer beside(std::shared_ptr<curator> who, std::function<reading(curator&, const arena&)> go);

    /// The first question starts it. Throws std::runtime_error with what it says when it fails, and when it falls silent.
    answer ask(const arena& where, const std::string& request);

    /// Counts from now on. It must have been asked something.
    meter_of_another meter(const arena& where) const;

private:
    class process;

    std::unique_ptr<process> process_;
};

}  // namespace bench

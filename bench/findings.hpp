// What the rounds of all workloads have shown, and whether that is what was wanted.
#pragma once

#include "workload.hpp"

#include <optional>
#include <string>
#include <vector>

namespace bench {

/// All rounds of one workload, in the order of its peers and styles. A side that has not taken part has none.
struct findings {
    workload what;
    std::vector<std::vector<reading>> theirs;
    std::vector<std::vector<reading>> ours;

    explicit findings(workload w) : what{std::move(w)}, theirs(what.peers.size()), ours(what.ours.size()) {}
};

/// One measure of one style of ours, with what the peers show of it.
struct row {
    const findings& of;
    const measure& measured;
    std::size_t style;

    std::vector<double> ours() const;
    /// Nothing of a peer that is not there.
    std::vector<double> theirs(const std::string& peer) const;
    std::optional<double> ratio_to(const std::string& peer) const;
    std::string title() const { return of.what.title + ", " + of.what.ours[style].style; }
};

std::vector<row> rows_of(const findings& f);

/// Nothing when a side has not taken part.
std::optional<bool> is_met(const target& t, const row& r, const std::vector<findings>& all);

std::string in_words(const target& t);

/// What one side showed of a measure, round by round.
std::vector<double> column(const std::vector<reading>& rounds, const std::string& name);

/// What was measured one by one, of all rounds together.
std::vector<double> samples_of(const std::vector<reading>& rounds, const std::string& name);

}  // namespace bench

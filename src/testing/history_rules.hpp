// The rules of the judge, one file each. A rule looks at the whole history and tells its findings; all are O(n log n),
// because a token says where its holder belongs, and nothing has to be searched for.
#pragma once

#include "history_index.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace turnstile::inline v0::testing {

/// Where a rule tells what it found.
class rule_findings {
public:
    rule_findings(std::string_view rule, std::string_view promise, std::size_t told_max);

    /// Something was looked at; without that a rule has not been put to the test.
    void judged(std::int64_t times = 1) { finding_.judged += times; }
    /// `what` is a sentence.
    void broken(std::string_view key, const std::string& what, event_refs evidence);

    const history_rule_finding& finding() const { return finding_; }
    std::vector<history_violation> take_violations() { return std::move(violations_); }

private:
    history_rule_finding finding_;
    std::vector<history_violation> violations_;
    std::size_t told_max_;
};

using rule_function = void (*)(const history_index&, const judge_options&, rule_findings&);

struct history_rule {
    std::string_view name;
    std::string_view promise;
    rule_function look;
};

void calls_end_once(const history_index&, const judge_options&, rule_findings&);
void leases_end_once(const history_index&, const judge_options&, rule_findings&);
void tokens_are_unique(const history_index&, const judge_options&, rule_findings&);
void late_effects_are_fenced(const history_index&, const judge_options&, rule_findings&);
void holders_exclude(const history_index&, const judge_options&, rule_findings&);
void permits_fit(const history_index&, const judge_options&, rule_findings&);
void holders_know_in_time(const history_index&, const judge_options&, rule_findings&);
void grants_follow_tokens(const history_index&, const judge_options&, rule_findings&);
void first_come_first_served(const history_index&, const judge_options&, rule_findings&);
void lines_move(const history_index&, const judge_options&, rule_findings&);
void fresh_clients_are_served(const history_index&, const judge_options&, rule_findings&);
void nothing_is_left(const history_index&, const judge_options&, rule_findings&);

const std::vector<history_rule>& history_rules();

nanoseconds standstill_max(const judge_options&);

history_figures figures_of(const history_index&);
std::map<std::string, std::int64_t> faults_by_kind(const history_index&);

// ---- Words -----------------------------------------------------------------------------------------------------------

/// "12.3 ms"
std::string milliseconds_in_words(nanoseconds t);
/// "call w3-17 (process w3)"
std::string in_words(const attempt& a);
/// Both stories as one, in time order.
event_refs stories(std::initializer_list<const attempt*> of, std::initializer_list<event_ref> more = {});

}  // namespace turnstile::inline v0::testing

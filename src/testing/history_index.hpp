// A history in the order in which rules ask for it: by call, by key, by fault.
#pragma once

#include <turnstile/testing/history.hpp>

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace turnstile::inline v0::testing {

using event_ref = const history_event*;
using event_refs = std::vector<event_ref>;
using nanoseconds = std::chrono::nanoseconds;

/// One call that asked for a lock, and all that came of it.
struct attempt {
    std::string_view op;
    std::string_view key;
    std::string_view process;
    event_refs invokes;
    event_refs enqueued;
    event_refs answers;
    event_refs losses;
    event_refs releases;
    event_refs effects;
    event_ref killed = nullptr;      ///< its process's death, if that came after the invoke
    event_ref taken_away = nullptr;  ///< its session was ended by force while it held or was about to, and it heard of that
    event_ref struck = nullptr;      ///< the fault of its process that came before that: it was over from then on, perhaps
    nanoseconds deadline{0};         ///< the latest that it told; 0: none

    event_ref granted() const;  ///< the first such answer
    std::int64_t token() const { return granted() == nullptr ? 0 : granted()->token; }
    holding_kind kind() const { return granted() == nullptr ? holding_kind::mutex : granted()->kind; }
    /// What ended its holding: its release, its loss or its process's death; null: nothing did.
    event_ref end() const;
    /// What ended the call or the process in it.
    event_ref answer() const { return answers.empty() ? killed : answers.front(); }
    bool waits() const { return invokes.empty() || invokes.front()->waits; }

    /// All that belongs to it, without effects, in time order.
    event_refs story() const;
};

/// Only one of its kind may be inside.
bool excludes(holding_kind a, holding_kind b);
/// Holders come strictly one after the other, so their tokens order what they do at the resource.
bool is_exclusive(holding_kind k);
/// Callers of one cohort, who may have one token.
bool share_a_turn(const attempt& a, const attempt& b);

struct fault_span {
    event_ref begin = nullptr;
    event_ref end = nullptr;  ///< null: never healed
};

struct key_history {
    std::string_view key;
    std::vector<attempt*> attempts;    ///< by their first event
    std::vector<attempt*> by_token;    ///< granted ones
    std::vector<attempt*> by_granted;  ///< the same, as time went
    event_refs effects;                ///< as the resource wrote them
};

class history_index {
public:
    /// `events` are in time order and outlive the index.
    explicit history_index(const std::vector<history_event>& events);
    history_index(const history_index&) = delete;
    history_index& operator=(const history_index&) = delete;

    const std::vector<history_event>& events;
    std::deque<attempt> attempts;
    std::map<std::string_view, key_history> keys;
    std::vector<fault_span> faults;  ///< by their beginning
    std::unordered_map<std::string_view, event_ref> deaths;
    std::unordered_map<std::int64_t, event_ref> ended_sessions;
    event_ref quiet = nullptr;

private:
    void note(const history_event& e);
    void note_call(const history_event& e);
    void note_fault(const history_event& e);
    attempt& attempt_of(const history_event& e);
    void complete(attempt& a) const;
    void sort_keys();

    std::unordered_map<std::string_view, attempt*> by_op_;
    std::unordered_map<std::string_view, std::size_t> open_faults_;
};

}  // namespace turnstile::inline v0::testing

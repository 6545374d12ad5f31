// What the users of a lock did, written down while they did it, and a judge who reads it afterwards.
//
//     using enum testing::history_event_type;
//     testing::history_recorder log{"run/history.jsonl", "payd-7"};      // in every process that takes locks
//     log.append(testing::history_event{invoke, "payd-7.1", "orders/42"});
//     lease held = co_await order.acquire(5s);
//     log.append(testing::history_event{granted, "payd-7.1", "orders/42", held.token()});
//     ...
//     const auto verdict = testing::judge(testing::read_history("run/history.jsonl"));
//     if (verdict.ruling != testing::history_ruling::kept)
//         std::cerr << testing::to_text(verdict);
//
// A history is a file of JSON lines, one event each; docs/testing-histories.md has every field and every rule. It is made
// on one machine: all stamps are of its monotonic and its boot-time clock.
//
// So that no rule is broken by the writing alone, an event is appended on the safe side of what it tells: `invoke` before
// the call, `granted` after it, `released` before the release is sent, `effect` while the resource is still locked.
//
// Promise: judging takes O(n log n), 100,000 events about a second. A verdict says what *this* history shows, nothing more.
// Thread safety: a recorder may be shared by threads, and a file by processes; everything else is values and functions.
#pragma once

#include <turnstile/testing/export.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace turnstile::inline v0::testing {

enum class history_event_type {
    // A call that asks for a lock. Each `invoke` is answered by exactly one of the four answers.
    invoke,
    enqueued,   ///< its place was seen in the line, by anybody
    granted,    ///< answer: a lease
    refused,    ///< answer: not now
    timed_out,  ///< answer: not in time
    failed,     ///< answer: an error

    // A holding.
    lost,
    released,  ///< about to be given up
    effect,    ///< at the resource: accepted, or fenced off

    // What was done to them, by whoever tests.
    fault,
    healed,
    killed,          ///< a client process, for good
    session_over,    ///< a ZooKeeper session, whoever ended it
    leader_changed,  ///< of the ensemble
    quiet,           ///< from here on nothing is done to anybody

    // What was found when all was over.
    probe,   ///< a fresh client asked for a key
    census,  ///< nodes and watches on the servers
};

/// As what somebody holds: decides who may be inside together. Callers of a cohort are alone inside, as a mutex's, but those
/// of one process may follow each other with one token, and before others who have come earlier.
enum class holding_kind { mutex, reader, writer, permits, leader, cohort };

struct history_event {
    history_event_type type = history_event_type::invoke;
    std::chrono::nanoseconds monotonic{0};  ///< CLOCK_MONOTONIC; 0: stamped by the recorder
    std::chrono::nanoseconds boot{0};       ///< CLOCK_BOOTTIME; 0: stamped by the recorder
    std::string process;                    ///< who tells; empty: the recorder's. A restarted process has a new name
    std::string victim;        ///< of a fault or a kill: the client process that it hit; empty: servers, network
    std::int64_t session = 0;  ///< ZooKeeper's id
    std::string op;            ///< the call, unique in the history; of a fault, the fault
    std::string key;
    holding_kind kind = holding_kind::mutex;
    std::int64_t token = 0;
    std::chrono::nanoseconds held_until{0};  ///< boot time: the lease's deadline, as far as known then; 0: not told
    std::chrono::nanoseconds checked{0};     ///< boot time, of an effect: when lease::check() had passed; 0: not asked
    std::int64_t weight = 1;                 ///< of permits
    std::int64_t maximum = 0;                ///< of permits; 0: not told
    bool waits = true;                       ///< of an invoke: false when it only tries
    bool accepted = true;                    ///< of an effect; of a probe: granted
    bool zombie = false;                     ///< of an effect: written on purpose by one who must have lost its lease
    std::string fault;                       ///< its kind: "kill_server", "lost_create_executed" ...
    std::string detail;                      ///< for people
    std::int64_t nodes = 0;                  ///< of a census: left in the lines
    std::int64_t watches = 0;                ///< of a census: more than before the run
    std::chrono::nanoseconds waited{0};      ///< of a probe

    history_event() = default;
    explicit history_event(history_event_type type_, std::string op_ = {}, std::string key_ = {}, std::int64_t token_ = 0)
        : type{type_}, op{std::move(op_)}, key{std::move(key_)}, token{token_}
    {
    }

    friend bool operator==(const history_event&, const history_event&) = default;
};

TURNSTILE_TESTING_EXPORT std::string_view name_of(history_event_type t) noexcept;
TURNSTILE_TESTING_EXPORT std::string_view name_of(holding_kind k) noexcept;

/// One line of JSON, without the newline. What is empty or has its default is left out.
TURNSTILE_TESTING_EXPORT std::string to_line(const history_event& e);

enum class history_errc {
    unreadable = 1,  ///< no such file, or it cannot be read
    not_json,        ///< also: a line that was cut off
    not_an_object,
    missing_field,
    wrong_type,  ///< text where a number belongs …
    bad_value,   ///< an unknown type or kind, a negative stamp …
    too_long,    ///< a line of more than 64 KiB
};

/// A line that is no event.
class TURNSTILE_TESTING_EXPORT history_error : public std::runtime_error {
public:
    history_error(history_errc code, std::size_t line, const std::string& what);

    history_errc code() const noexcept { return code_; }
    /// From 1; 0 when it is about the file as a whole.
    std::size_t line() const noexcept { return line_; }

private:
    history_errc code_;
    std::size_t line_;
};

/// Appends events to a file, one write each: processes may share it, and a process that is killed leaves whole lines.
class TURNSTILE_TESTING_EXPORT history_recorder {
public:
    /// Throws std::system_error when the file cannot be opened for appending.
    history_recorder(const std::filesystem::path& file, std::string process);
    history_recorder(const history_recorder&) = delete;
    history_recorder& operator=(const history_recorder&) = delete;
    ~history_recorder();

    /// Stamps what is not stamped, and writes. Throws std::system_error when that fails: a history with gaps is worth
    /// nothing. Cost: one system call, a few microseconds.
    void append(history_event e);

    const std::string& process() const noexcept { return process_; }

private:
    std::string process_;
    int file_;
};

/// The event of one line. Throws history_error; `line` is only for its text.
TURNSTILE_TESTING_EXPORT history_event parse_event(std::string_view text, std::size_t line = 1);

/// In the order of the monotonic stamps; of equal ones, in that of the lines. Empty lines are skipped. Throws history_error.
TURNSTILE_TESTING_EXPORT std::vector<history_event> read_history(std::istream& in);
TURNSTILE_TESTING_EXPORT std::vector<history_event> read_history(const std::filesystem::path& file);

/// What must have happened for a verdict to mean anything: a lock that was never put to the test cannot fail.
/// By the names of history_figures.
using history_requirements = std::map<std::string, std::int64_t>;

struct judge_options {
    /// T: what the servers granted.
    std::chrono::milliseconds session_timeout{2'000};

    /// How long a line may stand still while nobody holds and servers and network are well. Zero: 2 T + 2 s. That is one
    /// session that has to expire, another one behind it, and time to notice.
    std::chrono::milliseconds standstill_max{0};

    /// Within which a fresh client has to get every key when all is over.
    std::chrono::milliseconds probe_max{2'000};

    /// Not met: the verdict is `void`.
    history_requirements required{{"grants", 1},
                                  {"depth", 5},
                                  {"expiries", 1},
                                  {"lost_creates_executed", 1},
                                  {"lost_creates_absent", 1},
                                  {"leader_changes", 1},
                                  {"zombies_rejected", 1},
                                  {"probes", 1},
                                  {"censuses", 1}};

    /// So many are told in full per rule; all are counted.
    std::size_t told_max = 3;

    judge_options() = default;
};

/// A rule that was broken, and the least of the history that shows it.
struct history_violation {
    std::string rule;
    std::string key;
    std::string what;                     ///< one sentence
    std::vector<history_event> evidence;  ///< in time order
};

struct history_rule_finding {
    std::string rule;
    std::string promise;          ///< what it says, in words
    std::int64_t judged = 0;      ///< how often it had something to say
    std::int64_t violations = 0;  ///< of those
};

/// "attempts", "grants", "refusals" ..., by name; docs/testing-histories.md explains each.
using history_figures = std::map<std::string, std::int64_t>;

enum class history_ruling {
    kept,    ///< no rule was broken, and each was put to the test
    broken,  ///< at least one was
    empty,   ///< none was broken, but the history proves nothing: see `unmet`
};

struct history_verdict {
    history_ruling ruling = history_ruling::empty;
    std::vector<history_rule_finding> rules;
    std::vector<history_violation> violations;  ///< the first few of each rule
    history_figures figures;
    std::map<std::string, std::int64_t> faults;  ///< by kind
    std::vector<std::string> unmet;              ///< requirements, in words

    std::int64_t violations_in_all() const noexcept;
};

TURNSTILE_TESTING_EXPORT history_verdict judge(std::vector<history_event> history,
                                               const judge_options& how = judge_options{});

/// For people: the ruling, the figures, the rules, and the evidence of each violation.
TURNSTILE_TESTING_EXPORT std::string to_text(const history_verdict& v);
/// For programs.
TURNSTILE_TESTING_EXPORT std::string to_json(const history_verdict& v);
/// A picture of one violation: a lane per process, grey while it waits, coloured while it holds.
TURNSTILE_TESTING_EXPORT std::string to_svg(const history_violation& v);
/// An event in words: "w3 was granted key a with token 17".
TURNSTILE_TESTING_EXPORT std::string in_words(const history_event& e);

}  // namespace turnstile::inline v0::testing

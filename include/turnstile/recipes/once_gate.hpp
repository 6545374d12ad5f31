// Once, and then the first one's result: for a user who taps "buy" twice, a client that repeats a request, a retry storm.
//
//     using checkout = resource_kind<"checkout", "user:u64", "key:text">;
//     once_gate gate = co_await once_gate::open<checkout>(session);
//
//     auto entered = co_await gate.enter(checkout::key(user, idempotency_key), digest_of(request), 2s);
//     if (auto* mine = std::get_if<admitted>(&entered)) {
//         co_await mine->declare("charge " + psp_key);        // before an effect that cannot be taken back
//         auto receipt = co_await place_order(mine->fence());
//         co_await mine->commit(receipt.text);
//     } else if (auto* done = std::get_if<already_done>(&entered)) {
//         co_return done->result;                             // the first one's
//     }
//
// One persistent znode for each key: running, and then done with its result (or failed). Of all who come, exactly one is
// admitted, and its owner is alive for as long as its member node is there (membership.hpp). What a dead owner leaves is an
// *orphan*: it is told so, with what had been declared, and never reopened silently. Whoever takes it over does so by
// compare-and-set: exactly one does, and the old owner, should it wake up, finds its commit refused (errc::lost).
//
// A key with another fingerprint is another request under the same key: `key_reused`, and nothing else is told.
//
// What it is not: exactly once. Between an effect and its commit() a process can die; the orphan tells so. Give the outside
// world an idempotency key (the declared intent is the place for it), and let the database refuse doubles as well.
//
// Cost in memory: some 650 bytes for a key, on every server, until a janitor removes it (janitor.hpp).
//
// Source: idempotency keys, as payment providers have them. ZooKeeper has no published recipe for it.
//
// Thread safety: of the gate all members, from any thread; an `admitted` or `orphan` belongs to one caller.
#pragma once

#include <turnstile/deadline.hpp>
#include <turnstile/lease.hpp>
#include <turnstile/recipes/export.hpp>
#include <turnstile/recipes/membership.hpp>
#include <turnstile/recipes/resource_kind.hpp>
#include <turnstile/session.hpp>

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace turnstile::inline v0 {

namespace detail {
class held_claim;
struct claim_view;
}  // namespace detail

/// What all services agree on for the gates of a kind; kept in ZooKeeper, compared at open().
struct once_policy {
    /// Who comes while the first one is at work …
    enum class while_running {
        refuse,  ///< … is told so: in_progress
        join,    ///< … waits for its result, until the deadline
    };
    /// Who comes after it …
    enum class after_done {
        return_first,     ///< … gets the first result, good or bad
        refuse,           ///< … is told that it is done, and no more
        allow_if_failed,  ///< … gets a good one; after a bad one it is admitted
    };
    /// When ZooKeeper cannot be reached until the deadline, the caller …
    enum class on_outage {
        refuse,      ///< … is turned away
        pass_to_db,  ///< … goes on unguarded, and lets the database's unique index decide
    };

    while_running running = while_running::refuse;
    after_done done = after_done::return_first;
    on_outage outage = on_outage::refuse;
    /// How long a result is kept, at least; janitors remove it some time after.
    std::chrono::seconds keep = std::chrono::hours{24 * 7};
    /// Directories that the keys of a kind share.
    std::uint32_t shards = 64;

    once_policy() = default;
};

struct once_options {
    std::string base = "/turnstile";
    once_policy policy;
    /// An operator's: write the policy over the one that is registered, where that is possible at all (shards cannot be
    /// changed). Services that run keep what they know; those that start with the old one do not start any more.
    bool replace_policy = false;

    once_options() = default;
};

/// How a key is asked for.
struct once_request {
    /// Of the whole call; never: session_options::operation_timeout, unless it joins.
    deadline until;

    once_request() = default;
    once_request(deadline until_) : until{until_} {}  // NOLINT(*-explicit-*)
    template <class Rep, class Period>
    once_request(std::chrono::duration<Rep, Period> from_now) : until{from_now}  // NOLINT(*-explicit-*)
    {
    }
};

inline constexpr std::size_t fingerprint_max = 128;
inline constexpr std::size_t result_max = 65'536;
inline constexpr std::size_t claim_intent_max = 16'384;

/// Ours to do. Dropped without commit() it is given up: the key is free again, unless an effect had been declared; then it
/// is an orphan at once.
class TURNSTILE_RECIPES_EXPORT admitted {
public:
    admitted(admitted&&) noexcept;
    admitted& operator=(admitted&&) noexcept;
    ~admitted();

    /// Grows with every owner of the key.
    fencing_token fence() const noexcept;
    /// 1, and more when it was taken over, or has failed before.
    std::uint32_t attempt() const noexcept;
    /// What the last owner had declared, when it was taken over; empty: nothing.
    const std::string& predecessor_intent() const noexcept;

    /// Writes down what is about to happen, before it happens. Cost: 1 round trip, 1 write, repeated until it is certain.
    /// Errors: errc::lost when somebody has taken the key over; errc::bad_argument, before anything is sent.
    boost::asio::awaitable<void> declare(std::string intent);
    /// It is done, with this result, for all who come after. Cost and errors: as declare().
    boost::asio::awaitable<void> commit(std::string result);
    /// It has failed for good, and nothing of it has taken effect.
    boost::asio::awaitable<void> fail(std::string reason);

    /// For gates.
    explicit admitted(std::shared_ptr<detail::held_claim> mine, std::string left) noexcept;

private:
    std::shared_ptr<detail::held_claim> claim_;
    std::string left_;
};

/// It was done before.
struct already_done {
    std::string result;
    bool failed = false;

    already_done() = default;
};

/// Somebody is at it.
struct in_progress {
    std::string by;  ///< host, pid and label, for people; empty: this process
    std::chrono::milliseconds retry_after{0};

    in_progress() = default;
};

/// Somebody was at it, and is gone. Nothing happens to it until somebody takes it over.
class TURNSTILE_RECIPES_EXPORT orphan {
public:
    orphan(orphan&&) noexcept;
    orphan& operator=(orphan&&) noexcept;
    ~orphan();

    /// What had been declared; empty: nothing, so nothing had happened that was worth declaring.
    const std::string& intent() const noexcept;
    const std::string& by() const noexcept;
    std::uint32_t attempt() const noexcept;

    /// At most one gets it; nullopt: it is not as it was told any more (somebody else did, its owner has noted that it gave
    /// up), or somebody of this process is at the key: enter again. Cost: 1 round trip, 1 write (and once in a session what
    /// membership::name costs).
    boost::asio::awaitable<std::optional<admitted>> take_over(deadline until = {});

    struct state;
    explicit orphan(std::shared_ptr<state> s) noexcept;

private:
    std::shared_ptr<state> state_;
};

/// The key stands for another request.
struct key_reused {
    key_reused() = default;
};

/// ZooKeeper cannot be reached, and the policy is to go on without: the database has to refuse doubles.
struct pass_to_db {
    pass_to_db() = default;
};

struct turned_away {
    enum class reason {
        done,    ///< and the policy tells no more
        outage,  ///< ZooKeeper cannot be reached
    };
    reason why = reason::outage;
    std::chrono::milliseconds retry_after{0};

    turned_away() = default;
};

using once_entry = std::variant<admitted, already_done, in_progress, orphan, key_reused, turned_away, pass_to_db>;

/// A key, as inspect() saw it.
struct once_view {
    enum class status { running, suspect, open, done, failed };
    status state = status::running;
    bool owner_alive = false;
    std::string by;
    std::string intent;
    std::string result;
    std::uint32_t attempt = 0;

    once_view() = default;
};

class TURNSTILE_RECIPES_EXPORT once_gate {
public:
    /// Registers the kinds, or compares them with what is registered. Cost and errors: lane::open.
    static boost::asio::awaitable<once_gate> open(session s, std::vector<kind_definition> kinds, once_options how = {},
                                                  deadline until = {});
    /// The same for kinds that are known to the compiler.
    template <class... Kinds>
        requires(sizeof...(Kinds) > 0)
    static boost::asio::awaitable<once_gate> open(session s, once_options how = {}, deadline until = {})
    {
        return open(std::move(s), definitions_of<Kinds...>(), std::move(how), until);
    }

    /// `fingerprint`: of the request, so that another one under the same key is noticed: 1 to fingerprint_max printable
    /// bytes; a digest, usually.
    ///
    /// Cost: 1 round trip and 1 write when nobody has been here; 1 round trip when it is done, or an orphan that was given
    /// up; 2 when somebody is at it or was (is it alive?); none when somebody of this process is; and once in a session what
    /// membership::name costs. Callers of one process who ask for the same key at the same time ask ZooKeeper once.
    /// Cancellation: a claim that was under way
    /// is taken back in the background. Errors: errc::bad_argument, before anything is sent; errc::no_auth and its like. An
    /// outage is an answer: see on_outage.
    boost::asio::awaitable<once_entry> enter(resource_key key, std::string fingerprint, once_request how = {}) const;

    /// An operator's: removes what is done or has failed, if this was its result, so that the key may be used again. False:
    /// it is not there, or otherwise. Cost: 2 round trips.
    boost::asio::awaitable<bool> revoke(resource_key key, std::string expected_result, deadline until = {}) const;

    /// nullopt: nobody has been here. Cost: 2 round trips.
    boost::asio::awaitable<std::optional<once_view>> inspect(resource_key key, deadline until = {}) const;

    const session& get_session() const noexcept;
    /// Where keys are, and how long they are kept: for janitors.
    std::vector<std::pair<std::string, std::chrono::seconds>> kept() const;

private:
    struct state;
    explicit once_gate(std::shared_ptr<state> s) noexcept : state_{std::move(s)} {}

    std::shared_ptr<state> state_;
};

}  // namespace turnstile::inline v0

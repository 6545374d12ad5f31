// A message that is delivered twice takes effect once: the consumer's side.
//
//     message_gate gate = co_await message_gate::open(session, "payments-in");
//
//     auto begun = co_await gate.begin({id, sent_at, digest});
//     if (auto* mine = std::get_if<delivery>(&begun)) {
//         apply(*mine);                                     // in the database, with an inbox row: see below
//         co_await mine->done();
//     } else if (auto* later = std::get_if<defer>(&begun)) {
//         broker.requeue_after(later->retry_after);
//     } else …
//
// One persistent znode for each id, as of a once_gate: of all consumers exactly one processes, its attempts are counted
// across crashes, and a message that kills whoever touches it ends in quarantine. The same id with another body is not the
// same message: quarantine. `sent_at` and `id` are the producer's, from inside the message: a redelivery bears the same.
//
// What it is not: exactly once. A consumer can die between its effect and done(), and the next one is then told that it is
// not the first (attempt() > 1). Write the id into an inbox table in the effect's own transaction (sql_tables.hpp has the
// statements), and nothing is left of that window; the gate then keeps the load of doubles away from the database, and
// counts.
//
// Memory: some 650 bytes for each id, on every server, for as long as `retention`. Ids lie in buckets by their time, so that
// a janitor (janitor.hpp) removes whole ones; `max_live` refuses before ZooKeeper drowns.
//
// Source: idempotent receiver. ZooKeeper has no published recipe for it.
//
// Thread safety: of the gate all members, from any thread; a `delivery` belongs to one consumer.
#pragma once

#include <turnstile/deadline.hpp>
#include <turnstile/lease.hpp>
#include <turnstile/recipes/export.hpp>
#include <turnstile/recipes/membership.hpp>
#include <turnstile/session.hpp>

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace turnstile::inline v0 {

namespace detail {
class held_claim;
}

/// What all consumers agree on; kept in ZooKeeper, compared at open().
struct message_policy {
    /// Older messages are refused: whether they were done is not known any more.
    std::chrono::minutes retention{24 * 60};
    /// Ids are kept in buckets of so much time.
    std::chrono::minutes bucket{60};
    /// Directories in a bucket.
    std::uint32_t shards = 16;
    /// So many consumers may fail at a message before it is put aside.
    std::uint32_t max_attempts = 5;
    /// Ids that are kept at a time, about; more are refused.
    std::uint64_t max_live = 1'000'000;

    message_policy() = default;
};

struct message_options {
    std::string base = "/turnstile";
    message_policy policy;
    /// An operator's: write the policy over the one that is registered, where that is possible at all (shards and bucket
    /// cannot be changed). Services that run keep what they know; those that start with the old one do not start any more.
    bool replace_policy = false;

    message_options() = default;
};

/// A message, as its producer made it.
struct message {
    std::string id;  ///< unique among the gate's; text as of a resource_key
    std::chrono::system_clock::time_point sent_at;
    std::string digest;  ///< of the body: 1 to 128 printable characters

    message() = default;
    message(std::string id_, std::chrono::system_clock::time_point sent_at_, std::string digest_)
        : id{std::move(id_)}, sent_at{sent_at_}, digest{std::move(digest_)}
    {
    }
};

/// Ours to process. Dropped without done() it is given up, and another attempt may be made; the count of attempts stays.
class TURNSTILE_RECIPES_EXPORT delivery {
public:
    delivery(delivery&&) noexcept;
    delivery& operator=(delivery&&) noexcept;
    ~delivery();

    const std::string& id() const noexcept { return id_; }
    /// 1: nobody has processed it before. More: somebody has begun to, and may have come as far as the effect.
    std::uint32_t attempt() const noexcept;
    /// Grows with every consumer of the message.
    fencing_token fence() const noexcept;
    /// What an earlier attempt had declared; empty: nothing.
    const std::string& predecessor_intent() const noexcept { return left_; }

    /// Writes down what is about to happen, before it happens. Cost: 1 round trip, 1 write, repeated until it is certain.
    /// Errors: errc::lost when somebody has taken the message over (our ZooKeeper session had ended).
    boost::asio::awaitable<void> declare(std::string intent);
    /// It has taken effect. Cost and errors: as declare().
    boost::asio::awaitable<void> done();
    /// It never can: quarantine for all who are given it.
    boost::asio::awaitable<void> reject(std::string reason);

    /// For gates.
    delivery(std::string id, std::shared_ptr<detail::held_claim> mine, std::string left) noexcept;

private:
    friend class message_gate;
    std::string id_;
    std::shared_ptr<detail::held_claim> claim_;
    std::string left_;
};

/// It has taken effect before: acknowledge it.
struct skip_done {
    skip_done() = default;
};

/// Somebody is at it: let it be delivered again, later.
struct defer {
    std::string by;  ///< host, pid and label, for people
    std::chrono::milliseconds retry_after{0};

    defer() = default;
};

/// Put it aside, for people to look at.
struct quarantine {
    enum class reason {
        other_body,         ///< the id was used for another message
        too_many_attempts,  ///< message_policy::max_attempts
        rejected,           ///< delivery::reject
    };
    reason why = reason::rejected;
    std::uint32_t attempts = 0;
    std::string detail;  ///< of a rejected one

    quarantine() = default;
};

/// Older than the retention.
struct too_old {
    too_old() = default;
};

/// From the future, by more than clocks differ.
struct clock_skew {
    static constexpr std::chrono::minutes tolerated{5};
    std::chrono::milliseconds ahead{0};

    clock_skew() = default;
};

/// message_policy::max_live.
struct overfull {
    std::chrono::milliseconds retry_after{0};

    overfull() = default;
};

using message_entry = std::variant<delivery, skip_done, defer, quarantine, too_old, clock_skew, overfull>;

class TURNSTILE_RECIPES_EXPORT message_gate {
public:
    /// `name`: of the gate, as of a kind: consumers of the same messages use the same. Registers it, or compares its policy
    /// with what is registered. Cost: 1 round trip; for the first consumer ever 3. Throws errc::kind_mismatch,
    /// errc::bad_argument, errc::timed_out.
    static boost::asio::awaitable<message_gate> open(session s, std::string name, message_options how = {},
                                                     deadline until = {});

    /// Cost: 1 round trip and 1 write for a message that nobody has seen (2 for the first of a directory; and once in a
    /// session what membership::name costs; once in a second a look at how many ids are live); 1 round trip when it is
    /// done; 2 when somebody is at it; 3 to take it over.
    /// Without a deadline: session_options::operation_timeout. Cancellation: what had been claimed is taken back in the
    /// background. Errors: errc::timed_out, errc::not_connected; errc::bad_argument, before anything is sent.
    boost::asio::awaitable<message_entry> begin(message m, deadline until = {}) const;

    /// A prefetch at once, answers in its order. Cost: as one begin() when all are new, in one transaction for each
    /// batch_max of them; 1 round trip more when some are not, 1 more when somebody is at some of them, and 1 for each that
    /// is taken over; 3 for the first of a directory.
    boost::asio::awaitable<std::vector<message_entry>> begin_many(std::vector<message> batch, deadline until = {}) const;

    /// delivery::done() for all of them. False: somebody has taken that one over. Cost: 1 round trip, one transaction for
    /// each batch_max; where one was taken over, 1 more for each of its batch.
    static boost::asio::awaitable<std::vector<bool>> done_many(std::vector<delivery> batch);

    static constexpr std::size_t batch_max = 500;

    const session& get_session() const noexcept;
    /// Where its buckets are: for janitors.
    const std::string& directory() const noexcept;
    const message_policy& policy() const noexcept;

private:
    struct state;
    explicit message_gate(std::shared_ptr<state> s) noexcept : state_{std::move(s)} {}

    std::shared_ptr<state> state_;
};

}  // namespace turnstile::inline v0

// Changes of one order, one after the other, across services: a fair queue for each resource, with what people who move
// money need around it.
//
//     using order = resource_kind<"order", "id:u64">;
//     lane desk = co_await lane::open<order>(session);
//
//     auto done = co_await desk.run(order::key(42), {"capture", 3s}, [&](turn& t) -> awaitable<receipt> {
//         auto row = db.enter(t.fence());                    // raises the fence in the row, and reads
//         if (t.predecessor_died())
//             co_await reconcile(t.predecessor_intent());    // it declared what it was about to do
//         t.reconciled();
//         co_await t.declare("capture 12.50 key 42-7");      // kept, before it happens
//         t.check();                                         // may we still?
//         auto r = co_await provider.capture(…);
//         db.write(t.fence(), r);
//         co_return r;
//     });
//     if (!done)
//         co_return later(done.refused().retry_after);
//
// Lock, then look *inside the turn*, then write with the fence. Take the turn first and open the database transaction then:
// the other order can deadlock.
//
// Outcomes are in the type. The second comer waits its turn, in the order of arrival among all services; it is *refused* at
// once, with a time to come again, when too many wait already or when it cannot be served before its deadline. A turn that
// is *lost* on the way tells whether anything had been declared: `before_effect` may be repeated, `effect_unknown` is to be
// reconciled, and is never "failed".
//
// The next holder is told what a dead one left undone. declare() writes beside the line what is about to happen, and only
// while our place is there; a turn that ends well takes it away, and one that dies, is lost or throws leaves it for whoever
// comes next. (It is for data what EOWNERDEAD is for a robust mutex.)
//
// A lease can be lost without its holder noticing in time, so the row itself must refuse a holder that was overtaken: see
// sql_fence.hpp.
//
// Source: the waiting line of `mutex`, many keys in a fixed number of permanent directories, so that a resource which nobody
// has used yet costs one round trip and one write, and leaves nothing behind.
//
// Thread safety: of `lane` all members, from any thread; a `turn` belongs to its holder.
#pragma once

#include <turnstile/deadline.hpp>
#include <turnstile/lease.hpp>
#include <turnstile/recipes/export.hpp>
#include <turnstile/recipes/line.hpp>
#include <turnstile/recipes/mutex.hpp>
#include <turnstile/recipes/resource_kind.hpp>
#include <turnstile/recipes/turn.hpp>
#include <turnstile/recipes/turn_executor.hpp>
#include <turnstile/session.hpp>
#include <turnstile/while_held.hpp>

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace turnstile::inline v0 {

/// What all services agree on for the lanes of a kind; kept in ZooKeeper, compared at open().
struct lane_policy {
    /// How many may wait for one resource, besides who holds it; the next is refused.
    std::uint32_t max_waiters = 256;
    /// Directories that the resources of a kind share. Each can number 2^31 turns.
    std::uint32_t shards = 64;

    lane_policy() = default;
};

struct lane_options {
    /// The tree of everything that is registered, under the session's root.
    std::string base = "/turnstile";
    lane_policy policy;
    /// An operator's: write the policy over the one that is registered, where that is possible at all (shards cannot be
    /// changed). Services that run keep what they know; those that start with the old one do not start any more.
    bool replace_policy = false;

    lane_options() = default;
};

/// How a turn is asked for.
struct turn_request {
    /// What for: shown by inspect(), and kept with a declared intent. At most 200 bytes.
    std::string operation;
    /// Of the waiting. A turn that has begun is not ended by it. Zero or less: try_run.
    deadline until;
    /// Who asks. Nobody in particular: the coroutine that run() starts, which is refused (errc::would_deadlock) when it asks
    /// again for what it holds.
    owner_id owner;
    /// Locks that are taken together with the turn, in the same transaction, and given up with it. Their lines are those of
    /// `mutex`.
    std::vector<mutex> locks;

    turn_request(std::string operation_, deadline until_ = {})  // NOLINT(*-explicit-*)
        : operation{std::move(operation_)}, until{until_}
    {
    }
    turn_request(const char* operation_, deadline until_ = {})  // NOLINT(*-explicit-*)
        : turn_request{std::string{operation_}, until_}
    {
    }
};

/// One resource, or several in one turn.
class turn_keys {
public:
    static constexpr std::size_t keys_max = 16;  ///< and as many locks

    turn_keys(resource_key one) { keys_.push_back(std::move(one)); }            // NOLINT
    turn_keys(std::initializer_list<resource_key> several) : keys_{several} {}  // NOLINT
    explicit turn_keys(std::vector<resource_key> several) : keys_{std::move(several)} {}

    const std::vector<resource_key>& all() const noexcept { return keys_; }

private:
    std::vector<resource_key> keys_;
};

/// Why somebody has not been let in, and when to come again.
struct refusal {
    enum class reason {
        busy,        ///< somebody holds it or waits for it, and we did not want to wait
        queue_full,  ///< lane_policy::max_waiters
        deadline,    ///< it came, or would come, before our turn
        overloaded,  ///< this process or the ensemble has too much to do
    };

    reason why = reason::busy;
    std::size_t position = 0;                    ///< how many stood ahead, as far as it is known
    std::chrono::milliseconds expected_wait{0};  ///< by how long turns of this kind have taken of late
    std::chrono::milliseconds retry_after{0};    ///< jittered

    refusal() = default;
};

std::string_view TURNSTILE_RECIPES_EXPORT to_string(refusal::reason why) noexcept;

/// The turn was lost on the way.
enum class turn_loss {
    before_effect,   ///< nothing had been declared: it may be asked for again
    effect_unknown,  ///< something had: the next holder has been told, and will reconcile
};

/// What has come of a turn: the reply, a refusal, or a loss.
template <class Reply>
class turn_result {
public:
    using value_type = std::conditional_t<std::is_void_v<Reply>, std::monostate, Reply>;

    turn_result(value_type reply) : what_{std::in_place_index<0>, std::move(reply)} {}  // NOLINT(*-explicit-*)
    turn_result(refusal r) : what_{std::in_place_index<1>, r} {}                        // NOLINT(*-explicit-*)
    turn_result(turn_loss l) : what_{std::in_place_index<2>, l} {}                      // NOLINT(*-explicit-*)

    explicit operator bool() const noexcept { return what_.index() == 0; }
    bool was_refused() const noexcept { return what_.index() == 1; }
    bool was_lost() const noexcept { return what_.index() == 2; }

    /// The reply. Throws errc::refused or errc::lost where there is none.
    value_type& value() &
    {
        if (was_refused())
            throw error{errc::refused, "turn_result::value", to_string(refused().why)};
        if (was_lost())
            throw error{errc::lost, "turn_result::value", {}};
        return std::get<0>(what_);
    }
    value_type&& value() && { return std::move(value()); }

    const refusal& refused() const { return std::get<1>(what_); }
    turn_loss lost() const { return std::get<2>(what_); }

private:
    std::variant<value_type, refusal, turn_loss> what_;
};

/// A resource, as inspect() saw it.
struct lane_view {
    line_view line;                     ///< front() holds
    std::optional<left_intent> intent;  ///< declared: by the holder, or by a dead one

    lane_view() = default;
};

class TURNSTILE_RECIPES_EXPORT lane {
public:
    /// Registers the kinds, or compares them with what is registered. Cost: 1 round trip a kind; for the first service ever
    /// 5, and a write for each shard. Throws errc::kind_mismatch, errc::bad_argument, errc::timed_out.
    static boost::asio::awaitable<lane> open(session s, std::vector<kind_definition> kinds, lane_options how = {},
                                             deadline until = {});
    /// The same for kinds that are known to the compiler.
    template <class... Kinds>
        requires(sizeof...(Kinds) > 0)
    static boost::asio::awaitable<lane> open(session s, lane_options how = {}, deadline until = {})
    {
        return open(std::move(s), definitions_of<Kinds...>(), std::move(how), until);
    }

    /// Waits for its turn and runs `f(turn&)` in it, which answers an awaitable. On the caller's executor; when the turn is
    /// lost, what `f` waits for is cancelled. The turn ends with it: well, and then what was declared is taken away, or by
    /// an exception, which propagates, and then what was declared stays for the next holder. An exception that tells of the
    /// turn's own loss (errc::lost, or errc::fenced of a row) is an answer.
    ///
    /// Cost: 1 round trip and 1 write to enter when the resource is free, whether it was ever used or not; in line as
    /// mutex::acquire, and 1 read when the turn comes. 1 round trip to leave. Several keys: as multi_lock. A refusal: a
    /// create and a delete; a read only, while an earlier refusal's retry_after lasts. Where a session has more than four of
    /// these writes under way, they share transactions, and wait up to one round trip for that (session_options::group_max).
    /// Cancellation: leaves the line, or cancels `f`. Errors: errc::would_deadlock and `deadlock`, as mutex::acquire;
    /// errc::not_connected when there was no connection until the deadline; errc::bad_argument for a kind that was not
    /// opened. A ZooKeeper session that ends while we wait is not an error: we stand in line anew.
    template <class F>
    auto run(turn_keys keys, turn_request how, F f) const
    {
        using reply = typename std::invoke_result_t<F&, turn&>::value_type;
        return run_in<reply>(*this, std::move(keys), std::move(how), std::move(f));
    }

    /// The same for who does not wait: refused (busy) when somebody is there. Cost: a read when busy, and no write; to
    /// enter, that read comes first.
    template <class F>
    auto try_run(turn_keys keys, turn_request how, F f) const
    {
        how.until = deadline{std::chrono::seconds{0}};
        return run(std::move(keys), std::move(how), std::move(f));
    }

    /// The turn as an object, for who has no function to run: end it with turn::leave(). Dropped, it ends like one whose
    /// function has thrown.
    boost::asio::awaitable<std::variant<turn, refusal>> enter(turn_keys keys, turn_request how) const;

    /// Who holds, who waits, since when, and what was declared. Cost: 2 round trips.
    boost::asio::awaitable<lane_view> inspect(resource_key key, deadline until = {}) const;

    const session& get_session() const noexcept;

private:
    struct state;
    explicit lane(std::shared_ptr<state> s) noexcept : state_{std::move(s)} {}

    template <class Reply, class F>
    static boost::asio::awaitable<turn_result<Reply>> run_in(lane self, turn_keys keys, turn_request how, F f)
    {
        const auto executor = co_await boost::asio::this_coro::executor;
        if (how.owner.is_anybody())
            how.owner = detail::owner_on(executor);
        if (how.owner.is_anybody())
            how.owner = owner_id::unique();
        const detail::turn_executor in_turn{executor, how.owner};
        auto entering = self.enter(std::move(keys), std::move(how));
        auto entered = co_await std::move(entering);
        if (const auto* refused = std::get_if<refusal>(&entered))
            co_return *refused;
        auto ours = std::get<turn>(std::move(entered));
        std::optional<typename turn_result<Reply>::value_type> reply;
        try {
            auto work =
                detail::run_until(in_turn, ours.holding().lost(), ours.holding().path(), detail::reply_to(f, ours, reply));
            co_await std::move(work);
        } catch (const boost::system::system_error& e) {
            if (!ours.is_lost_by(e))
                throw;
        }
        if (!reply)
            co_return ours.how_lost();
        auto leaving = ours.leave();
        co_await std::move(leaving);
        co_return std::move(*reply);
    }

    std::shared_ptr<state> state_;
};

}  // namespace turnstile::inline v0

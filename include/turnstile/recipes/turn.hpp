// One's turn in a lane: see lane.hpp.
#pragma once

#include <turnstile/error.hpp>
#include <turnstile/lease.hpp>
#include <turnstile/recipes/export.hpp>
#include <turnstile/transaction.hpp>

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace turnstile::inline v0 {

/// What somebody had declared, and has not brought to an end.
struct left_intent {
    std::string resource;     ///< "order/42"
    std::string intent;       ///< as it was declared
    std::string operation;    ///< turn_request::operation
    fencing_token fence = 0;  ///< of that turn
    std::string by;           ///< host, pid and label, for people

    left_intent() = default;
};

namespace detail {
struct turn_state;
}

enum class turn_loss;

class TURNSTILE_RECIPES_EXPORT turn {
public:
    static constexpr std::size_t intent_max = 16'384;

    turn(turn&&) noexcept;
    turn& operator=(turn&&) noexcept;
    /// Gives the place up in the background; what was declared stays.
    ~turn();

    /// Grows with every turn of a resource: for the resource to refuse older ones (sql_fence.hpp).
    fencing_token fence() const noexcept;

    /// Whether nobody else can have the turn. No I/O.
    bool held() const noexcept;
    /// Before each outside effect: throws errc::lost when somebody else may have the turn by now. No I/O.
    void check() const;

    /// Writes down what is about to happen, before it happens, for whoever comes next if we do not come to the end. Again:
    /// replaces it. Kept only while our place is there, so that a late one cannot speak for a resource that is another's.
    /// Cost: 1 round trip, 1 write. A lost answer is resolved. Errors: errc::lost; errc::bad_argument for an empty intent,
    /// one of more than intent_max bytes, or when a predecessor's is not reconciled yet. Cancelled, it may be there: the
    /// turn then counts as one that has declared.
    boost::asio::awaitable<void> declare(std::string intent);

    /// Whether a turn before ours declared something and did not come to its end.
    bool predecessor_died() const noexcept;
    /// What it was; empty when there is none. Of several resources the first: predecessors() has all.
    const std::string& predecessor_intent() const noexcept;
    const std::vector<left_intent>& predecessors() const noexcept;
    /// We know what came of it. It is removed with the next declare() or leave(): a turn that dies before leaves it, so
    /// reconciling must bear to be done twice. Not said, it stays for the next holder. Costs nothing.
    void reconciled() noexcept;

    /// A transaction that happens only while our place is there.
    transaction guard() const;
    /// The place itself. Do not release it: leave().
    lease& holding() noexcept;

    /// Ends well: takes away what was declared, and gives the place up. Cost: 1 round trip. Throws nothing: what the turn
    /// has done, it has done, and an intent that could not be taken away is told to the next holder, who finds nothing to
    /// reconcile.
    boost::asio::awaitable<void> leave();

    /// For a turn that was lost: whether anything had been declared.
    turn_loss how_lost() const noexcept;
    /// Whether this tells that the turn is another's by now: the lease's loss, or a row that a newer turn has entered.
    bool is_lost_by(const boost::system::system_error& e) const noexcept;

    /// For lanes.
    explicit turn(std::shared_ptr<detail::turn_state> s) noexcept;

private:
    std::shared_ptr<detail::turn_state> state_;
};

}  // namespace turnstile::inline v0

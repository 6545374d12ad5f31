// One claim: a persistent node, changed by compare-and-set only, so that of all who want it exactly one gets it.
//
// Every write bears a mark that no other has. So when its answer is lost, the node itself tells whose write it was: doubts
// end by looking, and never get out.
#pragma once

#include <turnstile/deadline.hpp>
#include <turnstile/lease.hpp>
#include <turnstile/recipes/membership.hpp>
#include <turnstile/session.hpp>

#include "claim_record.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace turnstile::inline v0::detail {

/// A claim as it stands in ZooKeeper.
struct claim_view {
    claim_record record;
    std::int32_t version = 0;
    std::int64_t zxid = 0;  ///< of its last change

    claim_view() = default;
};

claim_view view_of(const outcome& node);

/// What came of a write: ours, or what stands there instead (nullopt: nothing does).
struct claim_answer {
    bool ours = false;
    std::optional<claim_view> seen;

    claim_answer() = default;
};

/// "72057604037923840.17"
std::string new_claim_mark(const session& s);
/// Host, pid and label, in a line.
std::string claimant_in_words(const session& s);

/// Claims what nobody has claimed, and reads what somebody has: 1 round trip either way, 2 where the directory is missing;
/// and once in a ZooKeeper session what membership::name costs. The owner of the record is filled in: the member that is
/// alive when the claim is made, also when the session ends on the way.
/// Given up in the middle (by an error, a deadline, a cancellation), the claim is taken back in the background.
boost::asio::awaitable<claim_answer> make_claim(membership m, std::string path, claim_record what, const char* verb,
                                                deadline until);

/// Several at once, answers in their order. Nobody has claimed any of them: 1 round trip, one transaction; else 1 more.
boost::asio::awaitable<std::vector<claim_answer>> make_claims(membership m,
                                                              std::vector<std::pair<std::string, claim_record>> all,
                                                              const char* verb, deadline until);

/// The same over a claim that was seen. Taken back, it is as it was.
boost::asio::awaitable<claim_answer> take_claim(membership m, std::string path, claim_record what, claim_view from,
                                                const char* verb, deadline until);

/// nullopt: there is none. 1 round trip.
boost::asio::awaitable<std::optional<claim_view>> read_claim(session s, std::string path, const char* verb, deadline until);

/// False: it has changed since it was seen. 1 round trip.
boost::asio::awaitable<bool> drop_claim(session s, std::string path, claim_view seen, const char* verb, deadline until);

}  // namespace turnstile::inline v0::detail

// Coming to a gate, from the call to its answer: who asks ZooKeeper for a key, what was found there, and what it means for
// whoever has come.
#pragma once

#include <turnstile/deadline.hpp>
#include <turnstile/recipes/membership.hpp>
#include <turnstile/recipes/once_gate.hpp>
#include <turnstile/session.hpp>

#include "claim.hpp"
#include "key_desk.hpp"

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <string>
#include <utility>

namespace turnstile::inline v0::detail {

inline constexpr auto verb_enter_once = "once_gate::enter";

/// It is done, or has failed for good.
bool is_over(const claim_view& seen);

/// Everything that an attempt to enter needs to know.
struct once_visit {
    session ensemble;
    membership members;
    std::shared_ptr<detail::key_desk> desk;
    std::string path;
    std::string fingerprint;
    once_policy policy;
    deadline until;

    once_visit(session s, membership m) : ensemble{std::move(s)}, members{std::move(m)} {}
};

boost::asio::awaitable<once_entry> enter_once(once_visit v);

}  // namespace turnstile::inline v0::detail

// For recipes that pass a lease on inside the process: what is released comes back to a lender instead of being given up,
// and somebody else of the process gets it without a round trip.
//
// A loan is a lease like any other for whoever has it: check(), lost(), guard(), while_held. It ends for its holder when it
// is released or dropped; the znode stays.
#pragma once

#include <turnstile/deadline.hpp>
#include <turnstile/error.hpp>
#include <turnstile/export.hpp>
#include <turnstile/lease.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <memory>
#include <utility>

namespace turnstile::inline v0 {

/// Who gets a lease back.
class TURNSTILE_EXPORT lender {
public:
    lender() = default;
    lender(const lender&) = delete;
    lender& operator=(const lender&) = delete;
    virtual ~lender();

    /// The holder is done with it; its own waits (lost(), node_written()) have been ended. It may have been lost. On
    /// whatever thread the holder was. What is handed back is given up: a release() waits for that.
    virtual lease returned(lease l) noexcept = 0;
};

/// `l`, on loan. Throws errc::bad_argument when it is on loan already.
TURNSTILE_EXPORT lease lend(lease l, std::shared_ptr<lender> to);

/// Where somebody of this process waits for a lease that somebody else of it will bring. One use.
class TURNSTILE_EXPORT lease_arrival {
public:
    lease_arrival();
    ~lease_arrival();
    lease_arrival(const lease_arrival&) = delete;
    lease_arrival& operator=(const lease_arrival&) = delete;

    /// Whoever waits has it now. When nobody does any more, it is released: one on loan goes back.
    void bring(lease l) noexcept;
    void fail(error_code why) noexcept;
    /// Something was brought, or nobody waits any more.
    bool over() const noexcept;

    /// Once. The lease, or the code that fail() was given, errc::deadline_exceeded, or operation_aborted.
    boost::asio::awaitable<std::pair<error_code, lease>> wait(deadline until);

private:
    struct state;
    const std::shared_ptr<state> state_;
};

/// The SDK's own thread, for what a recipe has to do when no caller is there to do it: coroutines that send, and wait for
/// answers. What computes or blocks here delays every lease of the process.
TURNSTILE_EXPORT boost::asio::any_io_executor errand_executor();

}  // namespace turnstile::inline v0

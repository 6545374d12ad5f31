// For recipes whose callers wait for what another caller of the process is about: opened once, it lets all pass who wait and
// who come later.
#pragma once

#include <turnstile/deadline.hpp>
#include <turnstile/error.hpp>
#include <turnstile/export.hpp>

#include <boost/asio/awaitable.hpp>

#include <memory>

namespace turnstile::inline v0 {

class TURNSTILE_EXPORT latch {
public:
    latch();

    /// From any thread. Again: no effect.
    void open() noexcept;
    /// No error once it is open; errc::deadline_exceeded; operation_aborted.
    boost::asio::awaitable<error_code> wait(deadline until) const;

private:
    struct state;
    std::shared_ptr<state> state_;
};

}  // namespace turnstile::inline v0

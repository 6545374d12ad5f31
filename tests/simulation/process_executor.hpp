// An executor of Asio's whose work the scheduler runs, one function a step. Like an io_context that one thread runs: what is
// dispatched by one of these functions runs at once (Asio 1.81's co_spawn counts on it when it is cancelled).
#pragma once

#include "scheduler.hpp"

#include <boost/asio/execution/blocking.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution_context.hpp>

#include <utility>

namespace turnstile::simulation {

class process_executor {
public:
    process_executor(scheduler& s, process_id p, lane l = lane::executor) noexcept : scheduler_{&s}, process_{p}, lane_{l} {}

    boost::asio::execution_context& query(boost::asio::execution::context_t) const noexcept { return scheduler_->context(); }
    boost::asio::execution::blocking_t query(boost::asio::execution::blocking_t) const noexcept
    {
        return may_block_ ? boost::asio::execution::blocking_t{boost::asio::execution::blocking.possibly}
                          : boost::asio::execution::blocking_t{boost::asio::execution::blocking.never};
    }
    process_executor require(boost::asio::execution::blocking_t::possibly_t) const noexcept { return with(true); }
    process_executor require(boost::asio::execution::blocking_t::never_t) const noexcept { return with(false); }

    template <class F>
    void execute(F f) const
    {
        if (may_block_ && scheduler_->inside(process_, lane_))
            f();
        else
            scheduler_->push(process_, lane_, std::move(f));
    }

    friend bool operator==(const process_executor&, const process_executor&) noexcept = default;

private:
    process_executor with(bool may_block) const noexcept
    {
        auto other = *this;
        other.may_block_ = may_block;
        return other;
    }

    scheduler* scheduler_;
    process_id process_;
    lane lane_;
    bool may_block_ = true;
};

}  // namespace turnstile::simulation

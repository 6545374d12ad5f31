#include <turnstile/lease.hpp>

#include <turnstile/lending.hpp>

#include "holding.hpp"
#include "notifier.hpp"
#include "session_core.hpp"

#include <algorithm>
#include <utility>

namespace turnstile::inline v0 {

namespace detail {

holding::holding(session s, std::vector<std::string> paths_, turnstile::epoch in_, fencing_token token_,
                 std::shared_ptr<session_clock> clock_, std::shared_ptr<void> keepsake, bool together_)
    : owner{std::move(s)},
      paths{std::move(paths_)},
      in{in_},
      token{token_},
      clock{std::move(clock_)},
      together{together_},
      keepsake_{std::move(keepsake)}
{
}

holding::~holding() { owner.core()->keeping().remove(this); }

bool holding::good()
{
    if (owner.core()->forked())
        return false;  // the lock is the parent's
    if (state_.load(std::memory_order_acquire) != lease_state::held)
        return false;
    if (clock->good())
        return true;
    lose();
    return false;
}

void holding::lose()
{
    if (!end_as(lease_state::lost, {}))
        return;
    owner.core()->keeping().remove(this);
    std::stop_source stop{std::nostopstate};
    {
        const std::lock_guard lock{mutex_};
        stop = stop_;
    }
    if (stop.stop_possible())
        post_to_notifier([stop = std::move(stop)]() mutable { stop.request_stop(); });
}

std::stop_token holding::stop_token()
{
    const std::lock_guard lock{mutex_};
    if (!stop_.stop_possible()) {
        stop_ = std::stop_source{};
        if (state_.load(std::memory_order_acquire) == lease_state::lost)
            stop_.request_stop();
    }
    return stop_.get_token();
}

void holding::change_hands()
{
    std::vector<std::shared_ptr<once<error_code>>> waiting;
    std::vector<std::shared_ptr<once<outcome>>> waiting_for_writes;
    {
        const std::lock_guard lock{mutex_};
        waiting.swap(waiting_);
        waiting_for_writes.swap(waiting_for_writes_);
        stop_ = std::stop_source{std::nostopstate};
    }
    for (const auto& w : waiting_for_writes)
        w->complete(outcome{boost::asio::error::operation_aborted});
    for (const auto& w : waiting)
        w->complete(boost::asio::error::operation_aborted);
}

error_code holding::begin_release()
{
    good();
    if (end_as(lease_state::released, boost::asio::error::operation_aborted)) {
        owner.core()->keeping().remove(this);
        return {};
    }
    // Lost: it is given back all the same, but once.
    auto expected = lease_state::lost;
    return state_.compare_exchange_strong(expected, lease_state::released) ? errc::lost : errc::not_held;
}

lease_state holding::state()
{
    good();
    const auto s = state_.load(std::memory_order_acquire);
    const bool disconnected = s == lease_state::held && owner.state() != connection_state::connected;
    return disconnected ? lease_state::suspect : s;
}

void holding::when_lost(const std::shared_ptr<once<error_code>>& waiting)
{
    good();
    {
        const std::lock_guard lock{mutex_};
        if (state_.load(std::memory_order_acquire) == lease_state::held) {
            // Those that were cancelled: one of each while_held, for as long as the lease lives.
            std::erase_if(waiting_, [](const auto& w) { return w->done(); });
            waiting_.push_back(waiting);
            return;
        }
    }
    const bool lost = state_.load(std::memory_order_acquire) == lease_state::lost;
    waiting->complete(lost ? error_code{} : error_code{boost::asio::error::operation_aborted});
}

void holding::was_read(const outcome& node)
{
    std::vector<std::shared_ptr<once<outcome>>> waiting;
    {
        const std::lock_guard lock{mutex_};
        if (node.stat.version == version_)
            return;
        version_ = node.stat.version;
        written_ = node.data;
        waiting.swap(waiting_for_writes_);
        if (!waiting.empty())
            told_version_ = version_;
    }
    for (const auto& w : waiting)
        w->complete(node);
}

void holding::when_written(const std::shared_ptr<once<outcome>>& waiting)
{
    outcome answer{boost::asio::error::operation_aborted};
    {
        const std::lock_guard lock{mutex_};
        if (state_.load(std::memory_order_acquire) == lease_state::held) {
            std::erase_if(waiting_for_writes_, [](const auto& w) { return w->done(); });
            if (version_ == told_version_) {
                waiting_for_writes_.push_back(waiting);
                return;
            }
            told_version_ = version_;
            answer = outcome{};
            answer.data = written_;
        }
    }
    waiting->complete(std::move(answer));
}

bool holding::end_as(lease_state s, error_code told)
{
    std::vector<std::shared_ptr<once<error_code>>> waiting;
    std::vector<std::shared_ptr<once<outcome>>> waiting_for_writes;
    std::shared_ptr<void> keepsake;
    {
        const std::lock_guard lock{mutex_};
        auto expected = lease_state::held;
        if (!state_.compare_exchange_strong(expected, s, std::memory_order_acq_rel))
            return false;
        waiting.swap(waiting_);
        waiting_for_writes.swap(waiting_for_writes_);
        keepsake.swap(keepsake_);
    }
    for (const auto& w : waiting_for_writes)
        w->complete(outcome{boost::asio::error::operation_aborted});
    for (const auto& w : waiting)
        w->complete(told);
    return true;
}

}  // namespace detail

lease::lease(std::shared_ptr<detail::holding> h) noexcept : holding_{std::move(h)} {}
lease::lease(lease&&) noexcept = default;

lease& lease::operator=(lease&& other) noexcept
{
    if (this != &other) {
        release_in_background();
        holding_ = std::move(other.holding_);
        lender_ = std::move(other.lender_);
    }
    return *this;
}

lease::~lease() { release_in_background(); }

bool lease::held() const noexcept { return holding_ && holding_->good(); }

lease_state lease::state() const noexcept { return holding_ ? holding_->state() : lease_state::released; }

void lease::check() const
{
    if (!held())
        throw error{holding_ && holding_->state() == lease_state::lost ? errc::lost : errc::not_held, "lease::check",
                    path()};
}

fencing_token lease::token() const noexcept { return holding_ ? holding_->token : 0; }

boot_clock::time_point lease::held_until() const noexcept
{
    return holding_ ? holding_->clock->good_until() : boot_clock::time_point{};
}

const std::string& lease::path() const noexcept
{
    static const std::string nowhere;
    return holding_ ? holding_->path() : nowhere;
}

std::vector<std::string> lease::paths() const { return holding_ ? holding_->paths : std::vector<std::string>{}; }

const session& lease::get_session() const
{
    if (!holding_)
        throw error{errc::not_held, "lease::get_session", {}};
    return holding_->owner;
}

turnstile::epoch lease::epoch() const noexcept { return holding_ ? holding_->in : turnstile::epoch::none; }

std::stop_token lease::stop_token() const noexcept { return holding_ ? holding_->stop_token() : std::stop_token{}; }

transaction lease::guard() const
{
    transaction t;
    for (const auto& p : paths())
        t.check(p);
    return t;
}

namespace {

using waiting = std::shared_ptr<detail::once<error_code>>;

constexpr auto give_up_waiting = [](const waiting& w, error_code why) { w->complete(why); };

/// How the deletes of a lease's nodes have ended, once the last one has.
class endings {
public:
    endings(std::size_t expected, detail::unique_function<void(error_code)> told)
        : missing_{expected}, told_{std::move(told)}
    {
    }

    void add(error_code ec)
    {
        bool last = false;
        {
            const std::lock_guard lock{mutex_};
            if (ec)
                worst_ = ec;
            last = --missing_ == 0;
        }
        if (last)
            told_(worst_);
    }

private:
    std::mutex mutex_;
    std::size_t missing_;
    error_code worst_;
    detail::unique_function<void(error_code)> told_;
};

/// Sends the deletes, all in one go; `told` (may be empty) learns how they ended.
void give_back(const std::shared_ptr<detail::holding>& h, detail::unique_function<void(error_code)> told)
{
    auto& sweeping = h->owner.core()->sweeping();
    if (h->paths.size() == 1)
        return sweeping.erase(h->in, h->path(), std::move(told), h->together);
    const auto all = told ? std::make_shared<endings>(h->paths.size(), std::move(told)) : nullptr;
    for (const auto& p : h->paths)
        sweeping.erase(h->in, p,
                       all ? detail::unique_function<void(error_code)>{[all](error_code ec) { all->add(ec); }} : nullptr);
}

}  // namespace

// As all verbs, free coroutines on values: an awaitable may outlive the lease that it was asked of.

namespace {

boost::asio::awaitable<void> wait_for_loss(std::shared_ptr<detail::holding> h)
{
    if (!h)
        throw error{errc::not_held, "lease::lost", {}};
    auto start = [h](const waiting& w) { h->when_lost(w); };
    const auto ec = co_await detail::await_once<error_code>(deadline::never(), start, give_up_waiting);
    if (ec)
        throw error{ec, "lease::lost", h->path()};
}

boost::asio::awaitable<std::string> wait_for_a_write(std::shared_ptr<detail::holding> h)
{
    if (!h)
        throw error{errc::not_held, "lease::node_written", {}};
    h->good();
    auto start = [h](const std::shared_ptr<detail::once<outcome>>& w) {
        h->when_written(w);
        h->owner.core()->keeping().watch_node(h);
    };
    auto give_up = [](const std::shared_ptr<detail::once<outcome>>& w, error_code why) { w->complete(outcome{why}); };
    auto written = co_await detail::await_once<outcome>(deadline::never(), start, give_up);
    if (written.ec)
        throw error{written.ec, "lease::node_written", h->path()};
    co_return std::move(written.data);
}

/// The lease itself is only kept here: it releases in the background if nobody ever awaits this.
boost::asio::awaitable<void> give_back_and_wait([[maybe_unused]] lease kept, std::shared_ptr<detail::holding> h,
                                                deadline until)
{
    if (!h)
        throw error{errc::not_held, "lease::release", {}};
    const auto ended = h->begin_release();
    if (ended == errc::lost)
        give_back(h, nullptr);  // its node may still be there; the caller need not wait for that
    if (ended)
        throw error{ended, "lease::release", h->path()};
    auto start = [h](const waiting& w) { give_back(h, [w](error_code ec) { w->complete(ec); }); };
    const auto answer = co_await detail::await_once<error_code>(until, start, give_up_waiting);
    // The node had gone before our delete came: it was lost, and we had not heard of it yet.
    if (answer == errc::no_node || session_over(answer))
        throw error{errc::lost, "lease::release", h->path()};
    if (answer)  // the delete goes on
        throw error{answer == errc::deadline_exceeded ? errc::timed_out : answer, "lease::release", h->path()};
}

/// Why a transaction that begins with the lease's guard has failed: our nodes were gone, or something else.
error_code why_failed(const outcome& answer, std::size_t guards)
{
    for (std::size_t i = 0; i < std::min(guards, answer.steps.size()); ++i)
        if (answer.steps[i].ec == errc::no_node)
            return errc::lost;
    return session_over(answer.ec) ? error_code{errc::lost} : answer.ec;
}

boost::asio::awaitable<void> commit_and_give_back([[maybe_unused]] lease kept, std::shared_ptr<detail::holding> h,
                                                  op::multi last_words, deadline until)
{
    if (!h)
        throw error{errc::not_held, "lease::release_after", {}};
    const auto ended = h->begin_release();
    if (ended == errc::lost)
        give_back(h, nullptr);
    if (ended)
        throw error{ended, "lease::release_after", h->path()};
    auto start = [&](const waiting& w) {
        std::vector<operation> flight;
        flight.emplace_back(std::move(last_words));
        h->owner.core()->fly(std::move(flight), h->in, [w, h](std::vector<outcome> answers) {
            w->complete(why_failed(answers.front(), h->paths.size()));
        });
        give_back(h, nullptr);
    };
    const auto answer = co_await detail::await_once<error_code>(until, start, give_up_waiting);
    if (answer)
        throw error{answer == errc::deadline_exceeded ? errc::timed_out : answer, "lease::release_after", h->path()};
}

}  // namespace

boost::asio::awaitable<void> lease::lost() { return wait_for_loss(holding_); }

boost::asio::awaitable<std::string> lease::node_written() { return wait_for_a_write(holding_); }

boost::asio::awaitable<void> lease::release_after(transaction last_words, deadline until)
{
    if (lender_)
        throw error{errc::bad_argument, "lease::release_after", path(), "it is on loan"};
    auto steps = guard().release();
    for (auto& s : std::move(last_words).release())
        steps.push_back(std::move(s));
    auto h = holding_;
    return commit_and_give_back(std::move(*this), std::move(h), op::multi{std::move(steps)}, until);
}

boost::asio::awaitable<void> lease::release(deadline until)
{
    auto h = holding_;
    if (lender_)
        return return_loan(std::move(*this), until);
    return give_back_and_wait(std::move(*this), std::move(h), until);
}

void lease::release_in_background() noexcept
{
    if (lender_)
        *this = go_back();
    const auto h = std::move(holding_);
    if (!h || h->begin_release() == errc::not_held)
        return;
    give_back(h, nullptr);
}

lease lease::go_back() noexcept
{
    const auto to = std::move(lender_);
    const auto h = std::move(holding_);
    if (!h)
        return {};
    h->change_hands();
    return to->returned(lease{h});
}

boost::asio::awaitable<void> lease::return_loan(lease l, deadline until)
{
    const bool lost = l.holding_ && !l.holding_->good();
    const auto where = l.path();
    auto given_up = l.go_back();
    if (lost)
        throw error{errc::lost, "lease::release", where};
    if (given_up.holding_) {
        auto h = given_up.holding_;
        co_await give_back_and_wait(std::move(given_up), std::move(h), until);
    }
}

lease lend(lease l, std::shared_ptr<lender> to)
{
    if (l.lender_)
        throw error{errc::bad_argument, "lend", l.path(), "it is on loan already"};
    l.lender_ = std::move(to);
    return l;
}

}  // namespace turnstile::inline v0

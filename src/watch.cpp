#include <turnstile/session.hpp>
#include <turnstile/watch.hpp>

#include "session_core.hpp"

#include <utility>

namespace turnstile::inline v0 {

namespace {

using waiting = std::shared_ptr<detail::once<error_code>>;

}  // namespace

watcher::watcher(const session& s) : box_{s.core()->make_mailbox()} {}
watcher::watcher(watcher&&) noexcept = default;

watcher& watcher::operator=(watcher&& other) noexcept
{
    std::swap(box_, other.box_);
    return *this;
}

watcher::~watcher()
{
    if (!box_)
        return;
    if (const auto core = box_->core())
        core->forget(box_);
}

boost::asio::awaitable<std::optional<watch_event>> watcher::next(deadline until)
{
    const auto box = box_;
    const auto core = box->core();
    error_code waited;
    while (core) {
        auto [event, over] = core->take(*box, nullptr);
        if (event)
            co_return std::move(event);
        if (over)
            throw error{over, "watcher::next", {}};
        if (waited == errc::deadline_exceeded)
            co_return std::nullopt;
        if (waited)
            throw error{waited, "watcher::next", {}};
        auto start = [core, box](const waiting& w) { core->when_filled(*box, [w] { w->complete({}); }); };
        // What was left in the mailbox to wake this wait wakes nobody any more.
        auto give_up = [](const waiting& w, error_code why) { w->complete(why); };
        waited = co_await detail::await_once<error_code>(until, start, give_up);
    }
    throw error{errc::session_closed, "watcher::next", {}};
}

}  // namespace turnstile::inline v0

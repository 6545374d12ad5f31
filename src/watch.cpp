#include <turnstile/session.hpp>
#include <turnstile/watch.hpp>

#include "session_core.hpp"

#include <tuple>
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
    while (core) {
        std::optional<watch_event> event;
        error_code over;
        auto start = [&](const waiting& w) {
            std::tie(event, over) = core->take(*box, [w] { w->complete({}); });
            if (event || over)
                w->complete({});
        };
        auto give_up = [core, box](const waiting& w, error_code why) {
            if (w->complete(why))
                core->stop_waiting(*box);
        };
        const auto ec = co_await detail::await_once<error_code>(until, start, give_up);
        if (event)
            co_return event;
        if (over)
            throw error{over, "watcher::next", {}};
        if (ec == errc::deadline_exceeded)
            co_return std::nullopt;
        if (ec)
            throw error{ec, "watcher::next", {}};
    }
    throw error{errc::session_closed, "watcher::next", {}};
}

}  // namespace turnstile::inline v0

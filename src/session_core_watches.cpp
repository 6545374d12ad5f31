// The session core's watches: who is told, and what is forgotten.
#include "session_core.hpp"

#include "session_core_guarded.hpp"

namespace turnstile::inline v0::detail {

void session_core::client_watch(std::uint64_t number, watch_event_type type, const std::string& path)
{
    guarded g{*this};
    if (number != client_number_)
        return;
    const auto seen = unrooted(path);
    for (const auto& box : watches_.fire(type, path)) {
        box->events.emplace_back(type, seen);
        if (box->notify)
            g.after(std::move(box->notify));
    }
}

std::shared_ptr<mailbox> session_core::make_mailbox() { return std::make_shared<mailbox>(weak_from_this()); }

std::pair<std::optional<watch_event>, error_code> session_core::take(mailbox& box, unique_function<void()> then)
{
    const guarded g{*this};
    if (!box.events.empty()) {
        auto first = std::move(box.events.front());
        box.events.erase(box.events.begin());
        return {std::move(first), {}};
    }
    if (!box.over && gives_nothing_more())
        box.over = reason_when_over();
    if (!box.over)
        box.notify = std::move(then);
    return {std::nullopt, box.over};
}

void session_core::when_filled(mailbox& box, unique_function<void()> then)
{
    guarded g{*this};
    if (!box.over && gives_nothing_more())
        box.over = reason_when_over();
    if (!box.events.empty() || box.over)
        g.after(std::move(then));
    else
        box.notify = std::move(then);
}

void session_core::forget(const std::shared_ptr<mailbox>& box, bool quietly)
{
    guarded g{*this};
    if (!box->over)
        box->over = boost::asio::error::operation_aborted;
    g.after([dropped = std::move(box->notify)] {});
    const auto idle = watches_.forget(*box);
    // Also without a connection: the client would leave its watches anew when it has one again.
    if (quietly || epoch_over_)
        return;
    for (const auto& path : idle)
        g.after([self = shared_from_this(), p = unrooted(path), in = epoch_] {
            self->fly({op::forget_watches{p}}, in, [](const std::vector<outcome>&) {});
        });
}

}  // namespace turnstile::inline v0::detail

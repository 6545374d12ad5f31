// A mailbox for one-shot watches.
//
//     watcher w{session};
//     auto node = co_await session.get("/config", w);   // leaves a watch when the node is there
//     auto event = co_await w.next(30s);                // nullopt: nothing happened within 30 s
//
// A watch fires once, and never before the answer of the operation that left it. It survives reconnects: a change that
// happened meanwhile is told afterwards. It does not survive the ZooKeeper session: then `next` throws, session_over.
// A connection that goes and comes back is *not* an event here: only ZooKeeper's word is.
//
// One watcher takes any number of watches. Dropping it forgets them, on the servers too once nobody else in the session
// watches the same path. Not thread-safe: one coroutine waits at a time.
#pragma once

#include <turnstile/deadline.hpp>
#include <turnstile/export.hpp>
#include <turnstile/operation.hpp>

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <optional>
#include <string>

namespace turnstile::inline v0 {

class session;

namespace detail {
class mailbox;
}

struct watch_event {
    watch_event_type type;
    std::string path;  ///< as it was named to the operation

    watch_event(watch_event_type type_, std::string path_) : type{type_}, path{std::move(path_)} {}
    friend bool operator==(const watch_event&, const watch_event&) = default;
};

class TURNSTILE_EXPORT watcher {
public:
    explicit watcher(const session& s);
    watcher(watcher&&) noexcept;
    watcher& operator=(watcher&&) noexcept;
    ~watcher();

    /// The next event, or nullopt when the deadline passes first.
    /// Cost: none. Cancellation: ends at once, loses no event. Errors: session_over(ec) when the watches' ZooKeeper session
    /// has ended.
    boost::asio::awaitable<std::optional<watch_event>> next(deadline until = {});

private:
    friend class session;
    friend class pipeline;
    std::shared_ptr<detail::mailbox> box_;
};

}  // namespace turnstile::inline v0

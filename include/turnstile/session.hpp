// A connection to a ZooKeeper ensemble that heals itself, and the operations on it.
//
// A `session` lives longer than ZooKeeper's sessions: when one expires, the next *epoch* begins by itself. Nothing crosses
// that line silently: an operation, a watch or a lease that belongs to an epoch ends with it (session_over).
//
// Handles are cheap to copy; the last one closes the session. All members may be called from any thread. Awaitables resume
// on the executor of the coroutine that awaits them, which must outlive the session or its close(); no user code ever runs
// on a ZooKeeper thread.
//
// Every operation
//   - waits for a connection, then takes one round trip, unless said otherwise;
//   - ends by its deadline (default: session_options::operation_timeout). errc::not_connected: it was never sent.
//     errc::deadline_exceeded: it was, and in_doubt(ec) holds;
//   - can be cancelled at any time and then ends at once. Whether it happened is in doubt;
//   - reads are repeated when the connection is lost under them, writes are not: that is in_doubt(ec), and the caller's
//     decision (recipes resolve it);
//   - throws turnstile::error with verb and path.
#pragma once

#include <turnstile/connection_state.hpp>
#include <turnstile/deadline.hpp>
#include <turnstile/dialogue.hpp>
#include <turnstile/error.hpp>
#include <turnstile/export.hpp>
#include <turnstile/lease.hpp>
#include <turnstile/node.hpp>
#include <turnstile/operation.hpp>
#include <turnstile/pipeline.hpp>
#include <turnstile/session_options.hpp>
#include <turnstile/transaction.hpp>
#include <turnstile/watch.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace turnstile::inline v0 {

namespace detail {
class session_core;
struct session_handle;
}  // namespace detail

/// What a create answers: the path (with its sequence number, of a sequential node) and the node's stat.
struct created_node {
    std::string path;
    turnstile::stat stat;

    created_node(std::string path_, const turnstile::stat& stat_) : path{std::move(path_)}, stat{stat_} {}
};

/// What a get answers.
struct node {
    std::string data;
    turnstile::stat stat;

    node(std::string data_, const turnstile::stat& stat_) : data{std::move(data_)}, stat{stat_} {}
};

/// Ends the listening when it goes. A call that is under way on another thread may still finish.
class TURNSTILE_EXPORT state_listener {
public:
    state_listener() = default;
    explicit state_listener(std::shared_ptr<void> registration) : registration_{std::move(registration)} {}

private:
    std::shared_ptr<void> registration_;
};

class TURNSTILE_EXPORT session {
public:
    /// Begins to connect and returns at once. Throws errc::bad_argument or errc::bad_path for options that can never work.
    static session open(session_options options);

    /// Waits until connected; throws errc::not_connected when the deadline passes first, auth_failed, session_closed.
    boost::asio::awaitable<void> connected(deadline until = {}) const;

    connection_state state() const;
    /// The current epoch; it grows when a new ZooKeeper session is established.
    turnstile::epoch epoch() const;
    /// ZooKeeper's id of the current session, 0 before the first connection.
    std::int64_t id() const;
    /// The session timeout that the servers granted.
    std::chrono::milliseconds timeout() const;

    /// `f(state)` runs on `executor` for each transition, in order. A listener that is slow sees the states late, and delays
    /// nobody else.
    [[nodiscard]] state_listener on_state(boost::asio::any_io_executor executor,
                                          std::function<void(connection_state)> f) const;

    boost::asio::awaitable<created_node> create(std::string path, std::string data = {},
                                                create_mode mode = create_mode::persistent, acl access = {},
                                                deadline until = {}) const;
    /// Creates what is missing of `path`, as containers: the servers remove them some time after they are empty again.
    /// Cost: one round trip, whatever the depth (the creates are pipelined).
    boost::asio::awaitable<void> create_containers(std::string path, deadline until = {}) const;
    boost::asio::awaitable<node> get(std::string path, deadline until = {}) const;
    boost::asio::awaitable<node> get(std::string path, const watcher& w, deadline until = {}) const;
    boost::asio::awaitable<turnstile::stat> set(std::string path, std::string data, std::int32_t version = any_version,
                                                deadline until = {}) const;
    boost::asio::awaitable<void> erase(std::string path, std::int32_t version = any_version, deadline until = {}) const;
    /// nullopt when there is no such node. With a watcher the watch is left in both cases.
    boost::asio::awaitable<std::optional<turnstile::stat>> exists(std::string path, deadline until = {}) const;
    boost::asio::awaitable<std::optional<turnstile::stat>> exists(std::string path, const watcher& w,
                                                                  deadline until = {}) const;
    /// Names, without the path, in no order.
    boost::asio::awaitable<std::vector<std::string>> children(std::string path, deadline until = {}) const;
    boost::asio::awaitable<std::vector<std::string>> children(std::string path, const watcher& w, deadline until = {}) const;
    /// Makes the reads behind it see everything that was committed before it.
    boost::asio::awaitable<void> sync(std::string path = "/", deadline until = {}) const;
    /// Throws the first failing step's error; nothing has happened then.
    boost::asio::awaitable<std::vector<step_result>> commit(transaction t, deadline until = {}) const;
    boost::asio::awaitable<std::vector<acl_entry>> get_acl(std::string path, deadline until = {}) const;
    boost::asio::awaitable<turnstile::stat> set_acl(std::string path, acl access, std::int32_t version = any_version,
                                                    deadline until = {}) const;
    /// The ensemble's dynamic configuration, as text.
    boost::asio::awaitable<std::string> config(deadline until = {}) const;

    /// The operation under all others: never throws for what the world does, but answers with codes, one per operation.
    /// Without a deadline it waits for a connection as long as it takes. Bound to `in` it ends with errc::session_expired
    /// when that epoch is over, and it is not sent in another.
    boost::asio::awaitable<std::vector<outcome>> run(pipeline p, deadline until = {},
                                                     turnstile::epoch in = turnstile::epoch::none) const;
    boost::asio::awaitable<outcome> run(operation o, deadline until = {},
                                        turnstile::epoch in = turnstile::epoch::none) const;

    /// Waits until everything that had to be cleaned up (nodes of cancelled, timed-out or released attempts) is gone.
    boost::asio::awaitable<void> swept(deadline until = {}) const;

    /// Ends the ZooKeeper session: every blocked call ends with errc::closing or errc::session_closed, every lease is lost,
    /// and ephemeral znodes go. Returns when the servers have been told, at the latest after a few seconds. Again: no
    /// effect.
    boost::asio::awaitable<void> close() const;

    const session_options& options() const;

    // ---- For recipes, the SDK's and yours -------------------------------------------------------------------------

    /// Deletes a node that was created in epoch `in`, for certain: repeated until it is gone or that ZooKeeper session is
    /// over. Returns at once; swept() tells when it is done.
    void discard(std::string path, turnstile::epoch in) const noexcept;
    /// The same for what a create whose answer never came may have left: children of `directory` with `marker` in their
    /// name.
    void discard_marked(std::string directory, std::string marker, turnstile::epoch in) const noexcept;

    /// While the result exists, the session proves itself alive by a small write every quarter of its timeout (one for all).
    std::shared_ptr<void> keep_proving() const;
    /// Whether the ZooKeeper session of `in` is provably alive at this moment (see lease::held_until). No I/O.
    bool proven(turnstile::epoch in) const;
    /// Makes it so, by one write. Cost: one round trip. Errors: codes, as run().
    boost::asio::awaitable<error_code> prove(turnstile::epoch in, deadline until = {}) const;

    /// Leads a conversation to its end, which is the answer: the dialogue's own, errc::deadline_exceeded, operation_aborted,
    /// or why the session of epoch `in` is over. Watches that it left and that have not fired are forgotten.
    boost::asio::awaitable<error_code> converse(std::shared_ptr<dialogue> machine, turnstile::epoch in,
                                                deadline until = {}) const;

    /// Makes a lease of a node of ours. `keepsake` is dropped when the lease is over, in whatever way. `together`: it may be
    /// given back in a transaction with others (see dialogue::move).
    lease grant(std::string path, fencing_token token, turnstile::epoch in, std::shared_ptr<void> keepsake = nullptr,
                bool together = false) const;
    /// Of several, in as many lines: one lease, which is lost with the first of them. At least one.
    lease grant(std::vector<std::string> paths, fencing_token token, turnstile::epoch in,
                std::shared_ptr<void> keepsake = nullptr, bool together = false) const;

    /// For the SDK's own parts.
    const std::shared_ptr<detail::session_core>& core() const noexcept;

    friend bool operator==(const session& a, const session& b) noexcept { return a.handle_ == b.handle_; }

private:
    explicit session(std::shared_ptr<detail::session_handle> handle) : handle_{std::move(handle)} {}
    std::shared_ptr<detail::session_handle> handle_;
};

}  // namespace turnstile::inline v0

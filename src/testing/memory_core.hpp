// The server behind testing::memory_server: sessions, connections and watches around one znode_tree.
//
// What is under way travels in channels. A connection has two, `up` for requests and `down` for answers and events; both go
// with it, and so loses what was on the wire. A client has one of its own, `self`, for what it finds out without a server.
//
// In three files: what tests see and do (memory_core.cpp), clients that come and go (_clients), and requests (_operations).
#pragma once

#include "client.hpp"
#include "testing/delivery_queue.hpp"
#include "testing/watch_book.hpp"
#include "testing/znode_tree.hpp"

#include <turnstile/testing/memory_server.hpp>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace turnstile::inline v0::testing {

/// One client as the server and its own connection see it. All but the constants is guarded by the core's mutex.
struct memory_client_state {
    using channel = delivery_queue::channel;

    /// Ordered by these numbers, watchers are told in the order in which their clients were opened.
    const std::uint64_t number;
    const std::chrono::milliseconds asked_timeout;
    const bool has_credentials;
    const channel self;

    std::shared_ptr<detail::client_events> events;
    detail::session_identity identity;
    std::deque<detail::completion> outstanding;
    watch_book watches;
    std::int64_t last_zxid = 0;  ///< seen in an answer

    channel up = channel::none;  ///< none: there is no connection
    channel down = channel::none;
    bool connected = false;    ///< on_connected was told, and nothing since then
    bool has_been_in = false;  ///< it had a session once: it does not take it away from another client
    bool over = false;         ///< expired, or auth failed
    bool closing = false;
    bool finished = false;  ///< `closed` was called, or nobody waits for it
    detail::unique_function<void()> closed;
    std::shared_ptr<void> kept_for_closing;  ///< the core: `closed` is called although nobody else holds it any more

    memory_client_state(std::uint64_t number_, const detail::client_settings& s, std::shared_ptr<detail::client_events> e,
                        channel c)
        : number{number_},
          asked_timeout{s.session_timeout},
          has_credentials{!s.auth_scheme.empty()},
          self{c},
          events{std::move(e)},
          identity{s.resume}
    {
    }
};

class memory_core : public std::enable_shared_from_this<memory_core> {
public:
    using client_state = memory_client_state;
    using client_ptr = std::shared_ptr<client_state>;

    /// What becomes of the requests that are on a wire when it is cut.
    enum class wire { loses, delivers_later };

    /// Somebody runs the deliveries of the queue.
    memory_core(const memory_server_options& o, std::shared_ptr<delivery_queue> queue)
        : options_{o}, queue_{std::move(queue)}
    {
    }
    static std::shared_ptr<memory_core> with_a_thread(const memory_server_options& o);

    // Called by clients.
    client_ptr open(const detail::client_settings& settings, std::shared_ptr<detail::client_events> events);
    error_code submit(const client_ptr& c, const operation& o, detail::completion done);
    void close(const client_ptr& c, bool end_session, detail::unique_function<void()> closed);
    void abandon(const client_ptr& c);

    // Called by tests.
    std::vector<std::int64_t> session_ids() const;
    /// Somebody is connected in this session.
    bool has_client(std::int64_t id) const;
    bool expire(std::int64_t id);
    void expire_all();
    void disconnect(std::int64_t id, wire requests = wire::loses);
    void disconnect_all();
    void refuse_connections(bool on);
    void refuse_credentials(bool on);
    void pause(bool on);
    void hold_replies(bool on);
    void on_operation(std::function<void(std::int64_t, const operation&)> hook);
    outcome outsider(const operation& o);
    std::size_t reap_containers();
    bool set_sequence(const std::string& parent, std::int32_t next);
    std::size_t watch_count() const;
    std::int64_t last_zxid() const;
    void wipe(bool keep_zxids);
    void shut_down();

private:
    using channel = delivery_queue::channel;
    using duration = delivery_queue::clock::duration;

    struct session {
        std::string password;
        client_ptr client;             ///< null while nobody is connected
        std::vector<channel> lagging;  ///< requests of earlier connections that are executed later
    };
    using watchers = std::unordered_map<std::string, std::map<std::uint64_t, client_ptr>>;

    // Each is a delivery, or runs at the heart of one. They take the lock themselves.
    void attempt(const client_ptr& c);
    void admit(const client_ptr& c, channel up);
    void tell_connected(const client_ptr& c, channel down, std::chrono::milliseconds timeout);
    void tell_over(const client_ptr& c, channel down, bool expired);
    void receive(const client_ptr& c, channel up, const operation& o);
    void receive_late(const client_ptr& c, channel up, const operation& o);
    void catch_up(const client_ptr& c);
    void answer(const client_ptr& c, channel down, const operation& o, std::int64_t zxid, outcome result);
    void tell_watch(const client_ptr& c, channel down, watch_event_type type, const std::string& path);
    void finish(const client_ptr& c);

    // The lock is held.
    template <class F>
    void post(channel c, F run, duration delay = {});
    static request_context at_this_moment(std::int64_t session);
    duration one_way() const { return options_.round_trip / 2; }
    bool silent() const { return paused_ || holding_; }
    session* session_of(const client_ptr& c);
    bool identify(const client_ptr& c);
    bool take_in(const client_ptr& c);
    void tell_what_was_missed(const client_ptr& c);
    outcome execute(const client_ptr& c, const operation& o);
    outcome forget_watches(const client_ptr& c, const std::string& path);
    void keep_watch(const client_ptr& c, const operation& o, const error_code& ec);
    void tell(const std::vector<tree_change>& changes);
    void end_session(std::int64_t id);
    void hang_up(const client_ptr& c, wire requests = wire::loses);
    void cut(const client_ptr& c, wire requests = wire::loses);
    void leave(const client_ptr& c);
    void cut_everybody();
    void finish_the_closing();
    void hold_wires();

    const memory_server_options options_;
    mutable std::mutex mutex_;

    // Guarded by mutex_.
    znode_tree tree_;
    std::map<std::int64_t, session> sessions_;
    std::map<std::uint64_t, client_ptr> clients_;  ///< until they have finished
    watchers node_watchers_;
    watchers child_watchers_;
    std::function<void(std::int64_t, const operation&)> hook_;
    std::int64_t last_session_ = 0;
    std::uint64_t last_client_ = 0;
    bool refusing_ = false;
    bool refusing_credentials_ = false;
    bool paused_ = false;
    bool holding_ = false;

    const std::shared_ptr<delivery_queue> queue_;
    std::optional<delivery_thread> thread_;  ///< the last member: it stops before the rest goes
};

/// A delivery does not keep the server alive: what is under way when the last client goes is of no use to anybody.
template <class F>
void memory_core::post(channel c, F run, duration delay)
{
    queue_->post(
        c,
        [weak = weak_from_this(), run = std::move(run)]() mutable {
            if (const auto self = weak.lock())
                run();
        },
        delay);
}

}  // namespace turnstile::inline v0::testing

// What a session is inside: the connection's life, the operations under way, the watches, and what must be cleaned up.
//
// One mutex, held for short bookkeeping only. Whatever calls out (completions, listeners, the client's open and close) is
// collected while it is held and run after it is released: see `guarded`. The exception is client::submit, which only
// queues: calling it under the mutex is what keeps operations in their order.
//
// Paths above this class are relative to the session's root; below it, to the client, they are whole.
#pragma once

#include <turnstile/session.hpp>

#include "backstage.hpp"
#include "client.hpp"
#include "connection_machine.hpp"
#include "ephemeral_ledger.hpp"
#include "flight.hpp"
#include "group_commit.hpp"
#include "keeper.hpp"
#include "mailbox.hpp"
#include "once.hpp"
#include "session_clock.hpp"
#include "sweeper.hpp"
#include "watch_table.hpp"

#include <boost/asio/strand.hpp>
#include <boost/intrusive/list.hpp>

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace turnstile::inline v0::detail {

class session_core : public std::enable_shared_from_this<session_core> {
public:
    /// Throws errc::bad_argument, errc::bad_path.
    static std::shared_ptr<session_core> open(session_options options);
    explicit session_core(session_options options);
    ~session_core();

    // ---- Operations ---------------------------------------------------------------------------------------------

    /// Sends the flight, or queues it until there is a connection. Its `done` is called exactly once, on any thread but
    /// never from within this call's caller's lock; validation errors are answers too.
    void submit(std::shared_ptr<flight> f);
    /// Ends a flight now, with `ec` for what has not been answered (errc::not_connected if nothing of it was ever sent).
    void give_up(flight& f, error_code ec);
    /// For the SDK's own errands: no deadline.
    void fly(std::vector<operation> operations, epoch in, unique_function<void(std::vector<outcome>)> done,
             std::shared_ptr<mailbox> box = nullptr);

    // ---- Watches ------------------------------------------------------------------------------------------------

    std::shared_ptr<mailbox> make_mailbox();
    /// Takes the next event of a mailbox, or the reason why there is none (both empty: not yet, and `then` will be called).
    std::pair<std::optional<watch_event>, error_code> take(mailbox& box, unique_function<void()> then);
    /// Calls `then` once there is something to take: at once if there already is.
    void when_filled(mailbox& box, unique_function<void()> then);
    /// Nobody reads this mailbox any more. `quietly`: the watched nodes are about to go, the servers need not be told.
    void forget(const std::shared_ptr<mailbox>& box, bool quietly = false);

    // ---- State --------------------------------------------------------------------------------------------------

    connection_state state() const;
    turnstile::epoch current_epoch() const;
    bool epoch_alive(turnstile::epoch e) const;
    std::int64_t id() const;
    /// Of the present ZooKeeper session. Whoever has it can resume the session, or end it: tests do.
    session_identity identity() const;
    std::chrono::milliseconds timeout() const;
    /// Of the current epoch; null when it is not `e`.
    std::shared_ptr<session_clock> clock_of(turnstile::epoch e) const;
    const session_options& options() const noexcept { return options_; }
    spdlog::logger& log() const noexcept { return *options_.log; }

    /// This is a child of the process that opened the session: nothing works here.
    bool forked() const noexcept;

    void when_connected(const std::shared_ptr<once<error_code>>& waiting);
    std::shared_ptr<void> listen(const boost::asio::any_io_executor& executor, std::function<void(connection_state)> f);

    /// Begins to end; `closed` (may be empty) is called when the servers have been told.
    void close(unique_function<void()> closed);

    sweeper& sweeping() noexcept { return sweeper_; }
    keeper& keeping() noexcept { return keeper_; }

private:
    friend class client_link;

    struct listener;
    class guarded;

    // Events of the client; `number` tells the present one from those that were retired.
    void client_connected(std::uint64_t number, const session_identity& identity, std::chrono::milliseconds timeout);
    void client_event(std::uint64_t number, connection_event e);
    void client_watch(std::uint64_t number, watch_event_type type, const std::string& path);

    // The shell around the machine.
    void apply(guarded& g, connection_event e);
    void end_epoch(guarded& g);
    void begin_epoch(guarded& g);
    void make_root();
    void root_made(turnstile::epoch in, const error_code& ec);
    void ground(guarded& g);
    std::chrono::milliseconds stale_after() const;
    void retire_client(guarded& g);
    void let_go(guarded& g);
    void open_client(guarded& g);
    void client_closed();
    void fail_queued(guarded& g);
    void announce(guarded& g);
    void arm(std::uint64_t& generation, std::chrono::milliseconds delay, connection_event e);

    // Operations.
    error_code admit(flight& f) const;
    error_code over_limit(const flight& f) const;
    void prepare(flight& f) const;
    void pump(guarded& g);
    bool send(guarded& g, const std::shared_ptr<flight>& f);
    bool still_watched(const operation& o) const;
    void on_answer(const std::shared_ptr<flight>& f, std::uint32_t attempt, std::size_t index, turnstile::epoch sent_in,
                   outcome o);
    void settle_watch(guarded& g, flight& f, bool current, const operation& o, const outcome& answer);
    void conclude(guarded& g, const std::shared_ptr<flight>& f);
    void requeue(const std::shared_ptr<flight>& f);
    void land(guarded& g, flight& f);

    // Those that travel together.
    bool waits_for_others(const std::shared_ptr<flight>& f);
    void depart(guarded& g);
    void sets_out(const std::shared_ptr<flight>& f);
    void land_unsent(guarded& g, flight& f);
    void arrive(guarded& g, flight& carrier);
    void send_alone(const std::vector<std::shared_ptr<flight>>& members);

    error_code reason_when_over() const;
    bool gives_nothing_more() const;

    // Paths.
    std::string rooted(const std::string& path) const;
    std::string unrooted(std::string path) const;

    session_options options_;  // constant until the destructor wipes the secrets
    const std::shared_ptr<detail::transport> transport_;
    const std::uint32_t fork_generation_;

    mutable std::mutex mutex_;
    // Guarded by mutex_.
    connection_state state_ = connection_state::connecting;
    std::shared_ptr<client> client_;
    std::uint64_t client_number_ = 0;
    std::size_t clients_alive_ = 0;
    bool client_refuses_ = false;  // it has told a submit that it is not connected; its event is on the way
    bool let_go_when_idle_ = false;
    session_identity identity_;
    std::chrono::milliseconds timeout_{0};
    turnstile::epoch epoch_ = epoch::none;
    bool epoch_over_ = true;
    std::shared_ptr<session_clock> clock_;
    std::deque<std::shared_ptr<flight>> queued_;  // may hold landed ones, until they reach the front
    std::size_t queued_count_ = 0;                // those that have not landed
    boost::intrusive::list<flight, boost::intrusive::constant_time_size<false>> aloft_;
    group_commit groups_;
    std::size_t in_flight_ = 0;  // operations
    watch_table watches_;
    ephemeral_ledger ephemerals_;
    std::chrono::milliseconds retry_delay_;
    std::uint64_t retry_generation_ = 0;
    std::uint64_t stale_generation_ = 0;
    std::vector<std::shared_ptr<once<error_code>>> connected_waiters_;
    std::vector<std::weak_ptr<listener>> listeners_;
    std::vector<unique_function<void()>> closed_waiters_;

    // With mutexes of their own; they call the core, the core calls them only outside its mutex.
    keeper keeper_;
    sweeper sweeper_;
};

}  // namespace turnstile::inline v0::detail

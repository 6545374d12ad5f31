// What testing::faults is made of: one core that counts and arms, and one link for each client that passes through it.
//
// Whatever the inner client tells is passed on by a thread of the core's own, in the link's channel: so that what we invent
// (a loss, a reconnect) stands in one order with what really happened.
#pragma once

#include "client.hpp"
#include "testing/delivery_queue.hpp"
#include "testing/watch_book.hpp"

#include <turnstile/testing/faults.hpp>

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace turnstile::inline v0::testing {

class fault_core {
public:
    fault_core(std::shared_ptr<detail::transport> inner_, std::chrono::milliseconds reconnect_delay_)
        : inner{std::move(inner_)}, reconnect_delay{reconnect_delay_}
    {
    }

    /// Writes an operation down. Answers the fault that it meets.
    std::optional<fault> pass(std::size_t client, const operation& o, bool begins_round_trip);
    std::size_t next_client();

    void arm(std::size_t k, fault what);
    void arm_next(std::size_t k, fault what);
    void disarm();
    bool fired() const;
    std::size_t times_fired() const;
    std::string describe() const;
    void be_calm(int more);

    std::vector<passed_operation> operations() const;
    std::size_t count(std::string_view verb) const;
    std::size_t reads() const;
    std::size_t writes() const;
    std::size_t round_trips() const;
    void reset_counts();
    std::size_t clients() const;

    const std::shared_ptr<detail::transport> inner;
    const std::chrono::milliseconds reconnect_delay;
    const std::shared_ptr<delivery_queue> queue = std::make_shared<delivery_queue>();

private:
    struct armed_fault {
        fault what;
        std::size_t at;
        std::size_t remaining;
        std::string met;  ///< empty until it was met
    };

    mutable std::mutex mutex_;
    // Guarded by mutex_.
    std::vector<armed_fault> armed_;  ///< in the order in which they are to be met
    int calm_ = 0;
    std::vector<passed_operation> log_;
    std::size_t reads_ = 0;
    std::size_t round_trips_ = 0;
    std::size_t clients_ = 0;

    delivery_thread thread_{queue};  ///< the last member: it stops before the rest goes
};

/// One client, with the faults that it meets.
class fault_link : public std::enable_shared_from_this<fault_link> {
public:
    explicit fault_link(std::shared_ptr<fault_core> core, std::shared_ptr<detail::client_events> events);
    ~fault_link();

    void open(detail::client_settings settings);
    error_code submit(const operation& o, detail::completion done);
    void close(bool end_session, detail::unique_function<void()> closed);
    /// The handle went without `close`: nothing is told any more.
    void abandon();

private:
    class listener;
    using identifier = std::uint64_t;
    using losses = std::vector<std::pair<detail::completion, error_code>>;

    template <class F>
    void post(F run, delivery_queue::clock::duration delay = {});

    // Deliveries: what the inner client told.
    void connected(const detail::session_identity& identity, std::chrono::milliseconds timeout);
    void disconnected();
    void session_ended(bool expired);
    void watch_fired(watch_event_type type, const std::string& path);
    void answered(identifier id, const std::optional<fault>& met, const operation& o, outcome result);

    // What is invented.
    void lose_connection(std::unique_lock<std::mutex>& lock, identifier culprit, errc code);
    void come_back();
    void begin_expiry(std::unique_lock<std::mutex>& lock);
    void finish_expiry(losses lost);

    void finish();
    losses take_outstanding(identifier culprit, errc of_culprit, errc of_the_rest);
    void tell_connected(std::unique_lock<std::mutex>& lock);

    const std::shared_ptr<fault_core> core_;
    const std::size_t number_;
    const delivery_queue::channel channel_;
    std::shared_ptr<detail::client> inner_;  ///< constant after `open`

    std::mutex mutex_;
    // Guarded by mutex_.
    std::shared_ptr<detail::client_events> events_;
    std::map<identifier, detail::completion> outstanding_;  ///< in the order of submission
    identifier last_id_ = 0;
    detail::session_identity identity_;
    std::chrono::milliseconds timeout_{};
    watch_book watches_;
    std::vector<std::pair<watch_event_type, std::string>> held_watches_;  ///< fired while the connection was "lost"
    bool up_ = false;                                                     ///< what the layer above believes
    bool inner_up_ = false;                                               ///< what the inner client said last
    bool lost_by_fault_ = false;                                          ///< until the moment is over
    bool over_ = false;
    bool inner_closing_ = false;
    bool inner_closed_ = false;
    bool closing_ = false;
    bool finished_ = false;
    detail::unique_function<void()> closed_;
};

}  // namespace turnstile::inline v0::testing

// Callers of one process who queue for one key in memory, and the one contender that stands in ZooKeeper's line for them.
//
//     idle ──ask──▶ asking ──granted──▶ lent ──returned──▶ lent      to the next caller, so often in a row
//      ▲                                 ▲  └──returned──▶ kept      nobody wants it: it may stay
//      ├── failed, lost                  ├───────take───────┘
//      └── ending ◀──given up────────────┘
#pragma once

#include <turnstile/lending.hpp>
#include <turnstile/recipes/line.hpp>

#include <boost/asio/cancellation_signal.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace turnstile::inline v0::detail {

class local_lines;

class local_line : public std::enable_shared_from_this<local_line> {
public:
    /// One caller.
    struct caller {
        std::shared_ptr<void> present;  ///< dropped when it has given the lock back
        std::string purpose;
        lease_arrival turn;

        caller(std::shared_ptr<void> present_, std::string purpose_)
            : present{std::move(present_)}, purpose{std::move(purpose_)}
        {
        }
    };

    local_line(std::shared_ptr<local_lines> all, std::string path);
    ~local_line();
    local_line(const local_line&) = delete;
    local_line& operator=(const local_line&) = delete;

    const std::string& path() const noexcept { return path_; }
    const session& get_session() const noexcept;

    /// Queues; `who->turn` will tell.
    void join(const std::shared_ptr<caller>& who);
    void leave(const std::shared_ptr<caller>& who) noexcept;
    std::size_t queued();

    /// The lock, if it is kept.
    std::optional<lease> take_kept(const std::shared_ptr<void>& present);
    /// A turn to try for, when nobody of the process has to do with the lock. It must be followed by tried() or refused().
    std::optional<std::uint64_t> begin_try();
    lease tried(std::uint64_t turn, lease granted, const std::shared_ptr<void>& present);
    void refused() noexcept;
    /// Of a turn: dropped when it is over, in whatever way.
    std::shared_ptr<void> mark_of(std::uint64_t turn);

    void give_up_kept() noexcept;

private:
    enum class state : unsigned char { idle, asking, lent, kept, ending };
    class loan;
    struct turn_mark;
    /// What is to be done once the mutex is released.
    struct errands;

    using signal = std::shared_ptr<boost::asio::cancellation_signal>;

    void ask(std::uint64_t turn, const std::string& purpose, const signal& stop);
    void asked(error_code failed, lease granted);
    void look_out(std::uint64_t turn, epoch in, const signal& stop);
    void alone(std::uint64_t turn);
    void others_came(std::uint64_t turn);
    lease returned(std::uint64_t turn, lease l) noexcept;
    void turn_over(std::uint64_t turn) noexcept;

    // Under the mutex.
    void drop_the_gone();
    void begin_turn(errands& e, epoch in);
    void begin_asking(errands& e);
    void pass_on(lease l, errands& e);
    void give_up(lease l, errands& e);
    bool may_pass() const noexcept;

    void run(errands e);
    lease lent(lease l, std::uint64_t turn, std::shared_ptr<void> present);

    const std::shared_ptr<local_lines> all_;
    const std::string path_;

    std::mutex mutex_;
    // Guarded by mutex_.
    state state_ = state::idle;
    std::uint64_t turn_ = 0;  // of the present attempt or holding; what comes from an earlier one is of no interest
    std::deque<std::shared_ptr<caller>> queue_;
    std::size_t passed_ = 0;
    bool alone_ = false;   // a list has shown nobody else
    bool others_ = false;  // somebody else stands in line
    lease kept_;
    signal asking_;
    signal looking_out_;
};

}  // namespace turnstile::inline v0::detail

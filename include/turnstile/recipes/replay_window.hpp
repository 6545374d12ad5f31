// A message that is sent twice is taken once: the sender numbers, the receiver remembers, and what it remembers does not
// grow.
//
//     sequence_source numbers = co_await sequence_source::open(session, "shop-3");
//     outbox.append(order, numbers.next());                    // (producer, epoch, number), kept with the message
//
//     replay_window seen = co_await replay_window::open(session, "payments-in");
//     if (co_await seen.accept(m.sequence) == replay::fresh) …
//
// One znode for each producer: for each of its last epochs the highest number, and a bitmap of those below it. So a thousand
// million messages cost what one does. Numbers may arrive out of order, as far as the window reaches; what is older than
// that is `too_old`, because whether it came is not known.
//
// It takes the number *before* the effect: a receiver that dies between the two has lost the message. Where that matters,
// use a message_gate, which remembers how far it came, for as long as memory lasts; or write the number into the effect's
// own transaction.
//
// A producer's epoch is one opening of its source. A message that is sent again after a restart keeps the epoch and number
// that it was given: write them down with it.
//
// Source: the anti-replay window of IPsec (RFC 4303, 3.4.3), and the sequence numbers of idempotent producers.
//
// Thread safety: all members from any thread.
#pragma once

#include <turnstile/deadline.hpp>
#include <turnstile/recipes/export.hpp>
#include <turnstile/session.hpp>

#include <boost/asio/awaitable.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace turnstile::inline v0 {

/// Of one message.
struct sequence {
    std::string producer;
    std::uint32_t epoch = 0;
    std::uint64_t number = 0;

    sequence() = default;
    sequence(std::string producer_, std::uint32_t epoch_, std::uint64_t number_)
        : producer{std::move(producer_)}, epoch{epoch_}, number{number_}
    {
    }
    friend bool operator==(const sequence&, const sequence&) = default;
};

/// Hands out numbers, from 1 in each epoch.
class TURNSTILE_RECIPES_EXPORT sequence_source {
public:
    /// Begins an epoch. `producer`: text as of a resource_key. Cost: 2 round trips and 1 write; a lost answer costs at most
    /// a number of an epoch. Errors: errc::bad_argument, errc::timed_out, errc::not_connected.
    static boost::asio::awaitable<sequence_source> open(session s, std::string producer, std::string base = "/turnstile",
                                                        deadline until = {});

    /// Costs nothing.
    sequence next() noexcept(false) { return {producer_, epoch_, last_->fetch_add(1, std::memory_order_relaxed) + 1}; }
    std::uint32_t epoch() const noexcept { return epoch_; }

private:
    sequence_source(std::string producer, std::uint32_t epoch)
        : producer_{std::move(producer)}, epoch_{epoch}, last_{std::make_shared<std::atomic<std::uint64_t>>(0)}
    {
    }

    static boost::asio::awaitable<sequence_source> begin(session s, std::string producer, std::string path, deadline until);

    std::string producer_;
    std::uint32_t epoch_;
    std::shared_ptr<std::atomic<std::uint64_t>> last_;
};

enum class replay {
    fresh,      ///< the first of its number: ours, and nobody else's
    duplicate,  ///< it came before
    too_old,    ///< below the window, or of an epoch that is not remembered
};

struct replay_options {
    std::string base = "/turnstile";
    /// How far numbers may come out of order: from 64 to 8192.
    std::uint32_t window = 1'024;
    /// How many of a producer's epochs are remembered: from 1 to 16.
    std::uint32_t epochs = 4;

    replay_options() = default;
};

class TURNSTILE_RECIPES_EXPORT replay_window {
public:
    /// `name`: of what is received, a partition for instance; as of a kind. Registers window and epochs, or compares them.
    /// Cost: 1 round trip; for the first receiver ever 3. Throws errc::kind_mismatch, errc::bad_argument, errc::timed_out.
    static boost::asio::awaitable<replay_window> open(session s, std::string name, replay_options how = {},
                                                      deadline until = {});

    /// Cost: 1 round trip and 1 write, shared by all who ask while one is under way; a read more for the first of a
    /// producer; after another receiver has written, a write that is refused before. A duplicate: 1 read.
    /// Without a deadline: session_options::operation_timeout. Cancellation, deadline: the number is given back in the
    /// background, so that it is fresh for whoever asks next. Errors: errc::timed_out; errc::bad_argument, at once.
    boost::asio::awaitable<replay> accept(sequence s, deadline until = {}) const;
    /// Answers in their order. Cost: as one accept() for each producer.
    boost::asio::awaitable<std::vector<replay>> accept_many(std::vector<sequence> batch, deadline until = {}) const;

    const session& get_session() const noexcept;

private:
    struct state;
    explicit replay_window(std::shared_ptr<state> s) noexcept : state_{std::move(s)} {}

    std::shared_ptr<state> state_;
};

}  // namespace turnstile::inline v0

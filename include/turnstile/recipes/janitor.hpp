// Removes what gates have kept for long enough. Of the janitors that have the same gates to keep clean one is at work, the
// others stand by.
//
//     janitor sweeper{session};
//     sweeper.keep_clean(messages);
//     sweeper.keep_clean(checkouts);
//     co_await sweeper.run();                  // until it is cancelled: every service may run one
//
// Of a message_gate: buckets that are older than its retention, whole. Of a once_gate: keys that are done or have failed,
// when that is longer ago than its policy keeps them; never one that is running, or an orphan.
//
// Deletes travel in transactions of `batch`, with a pause between, so that claims of living services are not delayed. What
// is to be done stands in ZooKeeper: a janitor that dies is followed by the next, which goes on where it was.
//
// Thread safety: keep_clean before run; everything else one at a time.
#pragma once

#include <turnstile/deadline.hpp>
#include <turnstile/recipes/export.hpp>
#include <turnstile/recipes/message_gate.hpp>
#include <turnstile/recipes/once_gate.hpp>
#include <turnstile/session.hpp>

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace turnstile::inline v0 {

struct janitor_report {
    std::uint64_t ids = 0;      ///< messages and keys that were removed
    std::uint64_t buckets = 0;  ///< that are gone
    std::uint64_t kept = 0;     ///< keys that were looked at, and stay

    janitor_report() = default;
};

struct janitor_options {
    std::string base = "/turnstile";
    /// Between two looks at everything.
    std::chrono::milliseconds interval = std::chrono::minutes{5};
    /// Deletes in one transaction: from 1 to 1000.
    std::size_t batch = 500;
    /// Between two transactions.
    std::chrono::milliseconds pause{100};
    /// Told after each transaction, with the sums of this look; may be empty. On the executor of run() or sweep().
    std::function<void(const janitor_report&)> progress;

    janitor_options() = default;
};

class TURNSTILE_RECIPES_EXPORT janitor {
public:
    /// Throws errc::bad_path, errc::bad_argument. Costs nothing.
    explicit janitor(session s, janitor_options how = {});

    void keep_clean(const message_gate& gate);
    void keep_clean(const once_gate& gate);

    /// Waits to be the one, and looks again and again. Ends by cancellation only, or with the session. An error of one look
    /// (an outage) is a reason to look again later.
    boost::asio::awaitable<void> run() const;

    /// One look, now, elected or not: harmless beside others. Cost: a list for each directory; of once_gates also a read for
    /// each key; a delete for each id. Errors: those of reads and writes.
    boost::asio::awaitable<janitor_report> sweep() const;

private:
    /// A kind of keys, and how long it keeps what is done.
    struct keys {
        std::string directory;
        std::chrono::seconds keep;
    };
    struct work {
        session ensemble;
        janitor_options how;
        std::vector<message_gate> messages;
        std::vector<keys> kinds;
    };

    static std::string election_of(const work& w);
    static boost::asio::awaitable<janitor_report> sweep_all(work w);
    static boost::asio::awaitable<void> sweep_again_and_again(work w);

    work work_;
};

}  // namespace turnstile::inline v0

// What the locks protect: it compares fencing tokens, and writes down what it accepts and what it refuses.
//
// One thread does one thing after the other, so the comparison and the effect are one atomic step, and what it writes down
// is in the order in which it happened.
#pragma once

#include <turnstile/testing/history.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <future>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

namespace turnstile::chaos {

class resource {
public:
    resource(const std::filesystem::path& socket, testing::history_recorder& log);
    resource(const resource&) = delete;
    resource& operator=(const resource&) = delete;
    ~resource();

    /// Of processes, by name.
    using whom = std::function<bool(const std::string&)>;
    static bool anybody(const std::string&) { return true; }

    /// Strikes the next process that writes under this key, in the midst of its turn: behind its effect, before it hears of
    /// it. Returns its name; nullopt when nobody who may be struck has written within `patience`.
    std::optional<std::string> strike_next_writer(const std::string& key, int signal, std::chrono::milliseconds patience,
                                                  whom may_be_struck = anybody);

    /// Accepted or fenced off, so far.
    std::size_t effects() const { return effects_; }
    /// Leases that wrote at all.
    std::size_t holdings() const { return holdings_; }

private:
    struct strike {
        std::string key;
        whom may_be_struck;
        int signal;
        std::promise<std::string> struck;
    };

    boost::asio::awaitable<void> listen();
    boost::asio::awaitable<void> serve(boost::asio::local::stream_protocol::socket peer);
    bool apply(testing::history_event effect, pid_t writer);
    void strike_if_wanted(const testing::history_event& effect, pid_t writer);

    const std::filesystem::path socket_;
    testing::history_recorder& log_;
    /// The newest tokens of a key. Readers that are in together come in any order, but never behind a newer writer; those
    /// who have permits come in any order at all.
    struct newest_tokens {
        std::int64_t of_all = 0;
        std::int64_t of_writers = 0;
    };
    std::map<std::string, newest_tokens> newest_;  ///< by key; touched by the thread only
    std::atomic<std::size_t> effects_{0};
    std::atomic<std::size_t> holdings_{0};
    std::mutex mutex_;
    std::shared_ptr<strike> wanted_;  ///< guarded by mutex_
    boost::asio::io_context context_{1};
    boost::asio::local::stream_protocol::acceptor acceptor_;
    std::thread thread_;
};

}  // namespace turnstile::chaos

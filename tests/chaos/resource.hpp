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
#include <thread>

namespace turnstile::chaos {

class resource {
public:
    resource(const std::filesystem::path& socket, testing::history_recorder& log);
    resource(const resource&) = delete;
    resource& operator=(const resource&) = delete;
    ~resource();

    /// Strikes the next process that writes under this key, in the midst of its turn: behind its effect, before it hears of
    /// it. Returns its name; nullopt when nobody has written within `patience`, but for the one that is spared.
    std::optional<std::string> strike_next_writer(const std::string& key, int signal, std::chrono::milliseconds patience,
                                                  const std::string& spared = {});

    /// Accepted or fenced off, so far.
    std::size_t effects() const { return effects_; }
    /// Leases that wrote at all.
    std::size_t holdings() const { return holdings_; }

private:
    struct strike {
        std::string key;
        int signal;
        std::string spared;
        std::promise<std::string> struck;
    };

    boost::asio::awaitable<void> listen();
    boost::asio::awaitable<void> serve(boost::asio::local::stream_protocol::socket peer);
    bool apply(testing::history_event effect, pid_t writer);
    void strike_if_wanted(const testing::history_event& effect, pid_t writer);

    const std::filesystem::path socket_;
    testing::history_recorder& log_;
    std::map<std::string, std::int64_t> newest_;  ///< token by key; touched by the thread only
    std::atomic<std::size_t> effects_{0};
    std::atomic<std::size_t> holdings_{0};
    std::mutex mutex_;
    std::shared_ptr<strike> wanted_;  ///< guarded by mutex_
    boost::asio::io_context context_{1};
    boost::asio::local::stream_protocol::acceptor acceptor_;
    std::thread thread_;
};

}  // namespace turnstile::chaos

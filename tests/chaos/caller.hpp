// One user of locks, by chance: asks, waits, gives up, holds, writes, releases, and writes down all of it.
#pragma once

#include "dice.hpp"
#include "resource_client.hpp"
#include "some_lock.hpp"

#include <turnstile/testing/history.hpp>

#include <boost/asio/awaitable.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace turnstile::chaos {

/// What the callers of a process share.
struct household {
    turnstile::session session;
    testing::history_recorder& log;
    std::vector<std::string> keys;  ///< the first is the most wanted, the last hardly at all
    std::string resource;           ///< its socket
    bool over = false;

    some_lock lock_of(const std::string& key) const
    {
        const auto number = std::find(keys.begin(), keys.end(), key) - keys.begin();
        return some_lock::of(session, "/locks/" + key, static_cast<std::size_t>(number));
    }
};

class caller {
public:
    caller(household& shared, boost::asio::io_context& context, std::string name, std::uint64_t seed);

    /// Until the household is over.
    boost::asio::awaitable<void> live();

private:
    boost::asio::awaitable<void> wait_for_turn(std::string key);
    boost::asio::awaitable<void> try_at_once(std::string key);
    boost::asio::awaitable<void> try_for_a_while(std::string key);
    boost::asio::awaitable<void> change_its_mind(std::string key);

    boost::asio::awaitable<void> use(std::string op, std::string key, lease held);
    boost::asio::awaitable<bool> write(std::string op, std::string key, lease& held, bool zombie);
    boost::asio::awaitable<void> end(std::string op, std::string key, lease held);
    boost::asio::awaitable<void> pause(std::chrono::milliseconds time);

    std::string ask(const std::string& key, bool waits);
    void answer(testing::history_event_type type, const std::string& op, const std::string& key, std::string why = {});
    void answer(const error_code& ec, const std::string& op, const std::string& key);
    testing::history_event event_of(testing::history_event_type type, const std::string& op, const std::string& key,
                                    const lease& held) const;
    const std::string& some_key();
    std::chrono::milliseconds some_holding();

    household& shared_;
    resource_client resource_;
    std::string name_;
    dice dice_;
    int calls_ = 0;
};

}  // namespace turnstile::chaos

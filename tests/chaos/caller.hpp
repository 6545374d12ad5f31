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
#include <utility>
#include <vector>

namespace turnstile::chaos {

/// What the callers of a process share.
struct household {
    turnstile::session session;
    cohort others;  ///< of this process, in the lines of its key
    testing::history_recorder& log;
    std::vector<std::string> keys;  ///< the first is the most wanted, the last hardly at all
    std::string resource;           ///< its socket
    bool over = false;

    some_lock lock_of(const std::string& key, dice& chance) const
    {
        const auto number = std::find(keys.begin(), keys.end(), key) - keys.begin();
        return some_lock::of(session, others, "/locks/" + key, static_cast<std::size_t>(number), chance);
    }
};

/// One call: its name in the history, and what it asks for.
struct call {
    std::string op;
    std::string key;
    some_lock lock;

    call(std::string op_, std::string key_, some_lock lock_)
        : op{std::move(op_)}, key{std::move(key_)}, lock{std::move(lock_)}
    {
    }
};

class caller {
public:
    caller(household& shared, boost::asio::io_context& context, std::string name, std::uint64_t seed);

    /// Until the household is over.
    boost::asio::awaitable<void> live();

private:
    boost::asio::awaitable<void> wait_for_turn();
    boost::asio::awaitable<void> try_at_once();
    boost::asio::awaitable<void> try_for_a_while();
    boost::asio::awaitable<void> change_its_mind();

    boost::asio::awaitable<void> use(call c, lease held);
    boost::asio::awaitable<bool> write(const call& c, lease& held, bool zombie);
    boost::asio::awaitable<void> end(call c, lease held);
    boost::asio::awaitable<void> pause(std::chrono::milliseconds time);

    /// Written down as asked.
    call some_call(bool waits);
    void answer(testing::history_event_type type, const call& c, std::string why = {});
    void answer(const error_code& ec, const call& c);
    testing::history_event event_of(testing::history_event_type type, const call& c) const;
    testing::history_event event_of(testing::history_event_type type, const call& c, const lease& held) const;
    const std::string& some_key();
    std::chrono::milliseconds some_holding();

    household& shared_;
    resource_client resource_;
    std::string name_;
    dice dice_;
    int calls_ = 0;
};

}  // namespace turnstile::chaos

// One connection through the proxy: two lanes, each with a reader that lets frames in and a writer that lets them out when
// the rules say so. Lives on the proxy's thread.
#pragma once

#include "conversation.hpp"
#include "election_greeting.hpp"
#include "frames.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace turnstile::inline v0::testing {

/// What is spoken on a connection: ZooKeeper's client protocol, that of the members of an ensemble, or that by which they
/// elect a leader.
enum class spoken { client, quorum, election };

/// What the test has ordered for all connections.
struct traffic_rules {
    spoken language = spoken::client;
    std::string announced;  ///< election: the address that callers are to give as their own
    bool stalled_up = false;
    bool stalled_down = false;
    std::chrono::steady_clock::duration delay{};
    armed_cuts cuts;
    proxy_counters counters;
    std::function<void()> cut_happened;
};

class proxied_connection : public std::enable_shared_from_this<proxied_connection> {
public:
    using tcp = boost::asio::ip::tcp;

    proxied_connection(tcp::socket client, traffic_rules& rules);

    /// Connects to the server, and goes on until either side or the proxy ends it.
    void run(const tcp::endpoint& server);
    void close();
    bool open() const noexcept { return !closed_; }
    /// The rules have changed.
    void look_again();

private:
    enum class step { forward, cut, end };

    struct held_back {
        std::chrono::steady_clock::time_point due;
        step what;
        std::string bytes;
    };

    struct lane {
        lane(tcp::socket& from_, tcp::socket& to_, const bool& stalled_, std::size_t& forwarded_)
            : from{from_},
              to{to_},
              stalled{stalled_},
              forwarded{forwarded_},
              changed{from_.get_executor()},
              room{from_.get_executor()}
        {
        }

        tcp::socket& from;
        tcp::socket& to;
        const bool& stalled;
        std::size_t& forwarded;
        std::deque<held_back> held;
        std::size_t held_bytes = 0;
        boost::asio::steady_timer changed;  // wakes the writer
        boost::asio::steady_timer room;     // wakes the reader
        frame_splitter frames;
    };

    // Coroutines hold `self`: the connection outlives them.
    boost::asio::awaitable<void> connect(std::shared_ptr<proxied_connection> self, tcp::endpoint server);
    boost::asio::awaitable<void> read(std::shared_ptr<proxied_connection> self, lane& l);
    boost::asio::awaitable<void> write(std::shared_ptr<proxied_connection> self, lane& l);
    boost::asio::awaitable<bool> wait_until_front_is_due(lane& l);
    boost::asio::awaitable<bool> write_front(lane& l);

    boost::asio::awaitable<void> wait_until_passable();
    boost::asio::awaitable<bool> reach(tcp::endpoint server);
    std::vector<std::string> pieces(lane& l, std::string_view bytes);
    step verdict(const lane& l, const std::string& frame);
    void hold_back(lane& l, step what, std::string bytes);

    tcp::socket client_;
    tcp::socket server_;
    traffic_rules& rules_;
    conversation conversation_;
    election_greeting greeting_;
    lane up_;
    lane down_;
    bool closed_ = false;
};

}  // namespace turnstile::inline v0::testing

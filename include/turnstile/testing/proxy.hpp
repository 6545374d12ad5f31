// The network between a client and its ZooKeeper server, at a test's command.
//
//     testing::server zk;
//     testing::proxy net{zk.connect_string()};
//     session s = session::open(session_options{net.connect_string()});
//     net.cut_before_reply(testing::proxy_opcode::create);
//     ...                                     // the node is created, and its creator never hears of it
//     ASSERT_TRUE(net.wait_for_cut(5s));
//
// It is a TCP proxy on a free port of 127.0.0.1 that knows where ZooKeeper's frames begin and end, and what they ask for.
// Commands hold when they return: after stall() not one more byte passes.
//
// Costs: a thread, some 10 us each way. At most 4 MiB a direction and connection are held back; then the sender feels it.
// Thread safety: all members from any thread. The destructor never waits for either side.
#pragma once

#include <turnstile/testing/export.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

namespace turnstile::inline v0::testing {

/// What a request asks for, by ZooKeeper's own numbers.
enum class proxy_opcode : std::int32_t {
    any = -1000,      ///< every request but pings: they come when they like
    connect = -1001,  ///< the handshake: its reply is the first that a client hears of its session
    close_session = -11,
    create = 1,
    erase = 2,
    exists = 3,
    get_data = 4,
    set_data = 5,
    get_acl = 6,
    set_acl = 7,
    get_children = 8,
    sync = 9,
    ping = 11,
    get_children2 = 12,
    check = 13,
    multi = 14,
    create2 = 15,
    remove_watches = 18,
    create_container = 19,
    create_ttl = 21,
    auth = 100,
    set_watches = 101,
    set_watches2 = 105,
};

/// Since the proxy was made.
struct proxy_counters {
    std::size_t connects = 0;    ///< connections accepted
    std::size_t requests = 0;    ///< frames from clients, arrived
    std::size_t replies = 0;     ///< frames from the server, arrived: replies and watch events
    std::size_t bytes_up = 0;    ///< client to server, forwarded
    std::size_t bytes_down = 0;  ///< server to client, forwarded
    std::map<proxy_opcode, std::size_t> requests_by_opcode;

    proxy_counters() = default;
};

class TURNSTILE_TESTING_EXPORT proxy {
public:
    /// `target` is an address and a port, "127.0.0.1:2181". Throws std::invalid_argument when it is not.
    explicit proxy(const std::string& target);
    proxy(const proxy&) = delete;
    proxy& operator=(const proxy&) = delete;
    /// Drops all connections.
    ~proxy();

    /// "127.0.0.1:port"
    std::string connect_string() const;
    std::uint16_t port() const noexcept;

    /// Drops all connections, now. What was held back is gone. New ones are taken.
    void cut();

    /// Drops all connections, and refuses new ones until accept().
    void refuse();
    void accept();

    /// A black hole: connections stay (new ones are taken), and nothing passes in either direction, not even a connection's
    /// end.
    void stall();
    /// Requests pass, replies and events do not.
    void stall_replies();
    /// Ends a stall; what was held back is delivered.
    void resume();

    /// Everything takes so much longer, each way. 0 ends it.
    void delay(std::chrono::milliseconds each_way);

    /// Cuts the connection when the server's answer to the next (or the nth from now) request of this kind arrives here: it
    /// was executed, and the client does not hear of it. What the server had sent before still reaches the client.
    void cut_before_reply(proxy_opcode which, int nth = 1);

    /// Cuts the connection when the next (or the nth from now) request of this kind arrives here: it is certainly not
    /// executed. What the client had sent before still reaches the server, and its answers may not reach the client.
    void cut_before_request(proxy_opcode which, int nth = 1);

    /// Forgets the cuts that have not happened yet.
    void disarm();

    /// Waits until an armed cut has happened that no earlier call has reported; false when `patience` is over first.
    bool wait_for_cut(std::chrono::milliseconds patience);

    /// Open now.
    std::size_t connections() const;
    proxy_counters counters() const;

private:
    class impl;
    std::unique_ptr<impl> impl_;
};

}  // namespace turnstile::inline v0::testing

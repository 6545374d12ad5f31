// ZooKeeper's protocol spoken by hand, for tests of what stands below the SDK's own client: one socket, blocking, no
// promises.
#pragma once

#include <boost/endian/conversion.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace turnstile::test {

/// How ZooKeeper puts things into a frame.
class frame_writer {
public:
    frame_writer& number(std::int32_t n)
    {
        std::array<unsigned char, 4> bytes{};
        boost::endian::store_big_s32(bytes.data(), n);
        body_.append(bytes.begin(), bytes.end());
        return *this;
    }
    frame_writer& long_number(std::int64_t n)
    {
        std::array<unsigned char, 8> bytes{};
        boost::endian::store_big_s64(bytes.data(), n);
        body_.append(bytes.begin(), bytes.end());
        return *this;
    }
    frame_writer& text(std::string_view t)
    {
        number(static_cast<std::int32_t>(t.size()));
        body_ += t;
        return *this;
    }
    frame_writer& flag(bool b)
    {
        body_ += b ? '\1' : '\0';
        return *this;
    }
    std::string frame() const
    {
        frame_writer length;
        length.number(static_cast<std::int32_t>(body_.size()));
        return length.body_ + body_;
    }

private:
    std::string body_;
};

enum class heard { reply, end_of_connection, silence };

struct answer {
    heard what = heard::silence;
    std::int32_t xid = 0;
    std::int32_t error = 0;
    std::string body;
};

class raw_client {
public:
    static constexpr int no_node = -101;
    static constexpr int node_exists = -110;

    /// Connects, and does not shake hands yet. `connected()` tells.
    explicit raw_client(std::uint16_t port) : socket_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)}
    {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        connected_ = ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    }
    raw_client(const raw_client&) = delete;
    raw_client& operator=(const raw_client&) = delete;
    ~raw_client() { ::close(socket_); }

    bool connected() const { return connected_; }

    void send(std::string_view bytes) const
    {
        while (!bytes.empty()) {
            const auto n = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (n <= 0)
                return;  // the connection's end is for receive() to tell
            bytes.remove_prefix(static_cast<std::size_t>(n));
        }
    }

    static std::string connect_request(std::chrono::milliseconds session_timeout)
    {
        return frame_writer{}
            .number(0)
            .long_number(0)
            .number(static_cast<std::int32_t>(session_timeout.count()))
            .long_number(0)
            .text(std::string(16, '\0'))
            .flag(false)
            .frame();
    }

    /// Opens a session; false when the connection ends instead.
    bool shake_hands(std::chrono::milliseconds session_timeout = std::chrono::seconds{2})
    {
        send(connect_request(session_timeout));
        return receive().what == heard::reply;
    }

    /// What is sent gets the next xid, which is returned.
    std::int32_t send_create(std::string_view path, std::string_view data = {}, bool ephemeral = false)
    {
        constexpr int all_permissions = 31;
        send(frame_writer{}
                 .number(++xid_)
                 .number(1)
                 .text(path)
                 .text(data)
                 .number(1)
                 .number(all_permissions)
                 .text("world")
                 .text("anyone")
                 .number(ephemeral ? 1 : 0)
                 .frame());
        return xid_;
    }
    std::int32_t send_exists(std::string_view path)
    {
        send(frame_writer{}.number(++xid_).number(3).text(path).flag(false).frame());
        return xid_;
    }
    std::int32_t send_get_data(std::string_view path)
    {
        send(frame_writer{}.number(++xid_).number(4).text(path).flag(false).frame());
        return xid_;
    }
    void send_ping() const { send(frame_writer{}.number(-2).number(11).frame()); }

    int create(std::string_view path, std::string_view data = {}, bool ephemeral = false)
    {
        send_create(path, data, ephemeral);
        return expect_reply();
    }
    bool exists(std::string_view path)
    {
        send_exists(path);
        return expect_reply() == 0;
    }

    /// The next frame, or that there is none.
    answer receive(std::chrono::milliseconds patience = std::chrono::seconds{10})
    {
        answer a;
        std::string length;
        a.what = read(length, 4, patience);
        if (a.what != heard::reply)
            return a;
        std::string body;
        a.what = read(body, static_cast<std::size_t>(number_in(length, 0)), patience);
        if (a.what == heard::reply && body.size() >= 16) {
            a.xid = number_in(body, 0);
            a.error = number_in(body, 12);
            a.body = body.substr(16);
        }
        return a;
    }

    static std::int32_t number_in(const std::string& bytes, std::size_t offset)
    {
        return boost::endian::load_big_s32(reinterpret_cast<const unsigned char*>(bytes.data() + offset));
    }

private:
    int expect_reply()
    {
        const auto a = receive();
        if (a.what != heard::reply || a.xid != xid_)
            throw std::runtime_error{"raw_client: no reply"};
        return a.error;
    }

    heard read(std::string& into, std::size_t size, std::chrono::milliseconds patience) const
    {
        while (into.size() < size) {
            pollfd p{socket_, POLLIN, 0};
            if (::poll(&p, 1, static_cast<int>(patience.count())) == 0)
                return heard::silence;
            std::array<char, 4096> piece{};
            const auto n = ::recv(socket_, piece.data(), std::min(piece.size(), size - into.size()), 0);
            if (n <= 0)
                return heard::end_of_connection;
            into.append(piece.data(), static_cast<std::size_t>(n));
        }
        return heard::reply;
    }

    int socket_;
    bool connected_ = false;
    std::int32_t xid_ = 0;
};

}  // namespace turnstile::test

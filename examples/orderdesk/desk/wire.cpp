#include "wire.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <exception>
#include <optional>
#include <system_error>
#include <utility>

namespace orderdesk {

namespace {

constexpr int backlog = 1024;
constexpr std::size_t line_max = 64 * 1024;

[[noreturn]] void fail(const char* what) { throw std::system_error{errno, std::generic_category(), what}; }

int checked(int result, const char* what)
{
    if (result < 0)
        fail(what);
    return result;
}

class socket_handle {
public:
    explicit socket_handle(int fd) noexcept : fd_{fd} {}
    socket_handle(const socket_handle&) = delete;
    socket_handle& operator=(const socket_handle&) = delete;
    ~socket_handle() { ::close(fd_); }

    int fd() const noexcept { return fd_; }

private:
    int fd_;
};

sockaddr_in loopback(port_number port)
{
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

const sockaddr* generic(const sockaddr_in& address) { return reinterpret_cast<const sockaddr*>(&address); }

void send_line(int fd, const nlohmann::json& message)
{
    std::string line = message.dump() + "\n";
    for (std::size_t sent = 0; sent < line.size();) {
        const auto n = ::send(fd, line.data() + sent, line.size() - sent, MSG_NOSIGNAL);
        if (n < 0 && errno != EINTR)
            fail("send");
        sent += n > 0 ? static_cast<std::size_t>(n) : 0;
    }
}

/// nullopt: the other side hung up.
std::optional<std::string> receive_line(int fd)
{
    std::string line;
    std::array<char, 4096> chunk{};
    while (line.size() < line_max) {
        const auto n = ::recv(fd, chunk.data(), chunk.size(), 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            fail("receive");
        if (n == 0)
            return std::nullopt;
        line.append(chunk.data(), static_cast<std::size_t>(n));
        if (line.back() == '\n')
            return line;
    }
    errno = EMSGSIZE;
    fail("receive");
}

void patient(int fd, std::chrono::milliseconds patience)
{
    timeval limit{};
    limit.tv_sec = patience.count() / 1000;
    limit.tv_usec = patience.count() % 1000 * 1000;
    checked(::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), "patience");
}

void answer_one(int fd, const answering::answer& answer)
{
    try {
        patient(fd, std::chrono::seconds{10});
        if (const auto line = receive_line(fd))
            send_line(fd, answer(nlohmann::json::parse(*line)));
    } catch (const std::exception& e) {
        // Whoever asked sees the connection closed without an answer; the reason is in our log.
        std::fprintf(stderr, "a question was left without an answer: %s\n", e.what());
    }
}

}  // namespace

nlohmann::json ask(port_number port, const nlohmann::json& question, std::chrono::milliseconds patience)
{
    const socket_handle s{checked(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket")};
    patient(s.fd(), patience);
    const auto address = loopback(port);
    checked(::connect(s.fd(), generic(address), sizeof address), "connect");
    send_line(s.fd(), question);
    const auto line = receive_line(s.fd());
    if (!line)
        throw std::system_error{std::make_error_code(std::errc::connection_reset), "no answer"};
    return nlohmann::json::parse(*line);
}

answering::answering(int threads, std::function<answer()> make_worker)
    : listener_{checked(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket")}
{
    auto address = loopback(0);
    checked(::bind(listener_, generic(address), sizeof address), "bind");
    checked(::listen(listener_, backlog), "listen");
    socklen_t size = sizeof address;
    checked(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), "getsockname");
    port_ = ntohs(address.sin_port);

    for (int i = 0; i < threads; ++i)
        threads_.emplace_back([this, make_worker] {
            const auto worker = make_worker();
            for (;;) {
                const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
                if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
                    continue;
                if (fd < 0)
                    return;  // the listener was shut down
                const socket_handle s{fd};
                answer_one(fd, worker);
            }
        });
}

answering::~answering()
{
    ::shutdown(listener_, SHUT_RDWR);
    threads_.clear();
    ::close(listener_);
}

}  // namespace orderdesk

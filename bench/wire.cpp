#include "wire.hpp"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <functional>
#include <sstream>
#include <system_error>

namespace bench {
namespace {

constexpr std::uint32_t established = 1U << 1U;

[[noreturn]] void fail(const char* what) { throw std::system_error{errno, std::generic_category(), what}; }

std::set<std::uint16_t> ports_of(const std::string& servers)
{
    std::set<std::uint16_t> ports;
    std::istringstream each{servers};
    for (std::string server; std::getline(each, server, ',');)
        ports.insert(static_cast<std::uint16_t>(std::stoi(server.substr(server.rfind(':') + 1))));
    return ports;
}

/// The kernel's own list of sockets, which `ss` shows as well.
class socket_list {
public:
    socket_list() : netlink_{::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG)}
    {
        if (netlink_ < 0)
            fail("the kernel tells nothing of its sockets");
    }
    socket_list(const socket_list&) = delete;
    socket_list& operator=(const socket_list&) = delete;
    ~socket_list() { ::close(netlink_); }

    using visitor = std::function<void(const inet_diag_msg&, const tcp_info&)>;

    /// Established TCP connections. Their addresses may be of either family.
    void visit(const visitor& each) const
    {
        for (const auto family : {AF_INET, AF_INET6}) {
            ask(static_cast<std::uint8_t>(family));
            while (read_some(each)) {}
        }
    }

private:
    void ask(std::uint8_t family) const
    {
        struct {
            nlmsghdr header;
            inet_diag_req_v2 wanted;
        } question{};
        question.header.nlmsg_len = sizeof question;
        question.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
        question.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
        question.wanted.sdiag_family = family;
        question.wanted.sdiag_protocol = IPPROTO_TCP;
        question.wanted.idiag_states = established;
        question.wanted.idiag_ext = 1U << (INET_DIAG_INFO - 1U);
        if (::send(netlink_, &question, sizeof question, 0) < 0)
            fail("asking for sockets");
    }

    /// False: that was the last.
    bool read_some(const visitor& each) const
    {
        alignas(nlmsghdr) std::array<char, 32768> buffer;  // NOLINT(*-member-init): written before it is read
        const auto size = ::recv(netlink_, buffer.data(), buffer.size(), 0);
        if (size < 0)
            fail("reading sockets");
        auto left = static_cast<unsigned>(size);
        for (auto* m = reinterpret_cast<nlmsghdr*>(buffer.data()); NLMSG_OK(m, left); m = NLMSG_NEXT(m, left)) {
            if (m->nlmsg_type == NLMSG_DONE)
                return false;
            if (m->nlmsg_type == NLMSG_ERROR) {
                errno = -reinterpret_cast<const nlmsgerr*>(m + 1)->error;
                fail("reading sockets");
            }
            show(*m, each);
        }
        return true;
    }

    static void show(nlmsghdr& message, const visitor& each)
    {
        auto* socket = reinterpret_cast<inet_diag_msg*>(&message + 1);
        auto left = static_cast<unsigned>(message.nlmsg_len - NLMSG_LENGTH(sizeof *socket));
        for (auto* a = reinterpret_cast<rtattr*>(socket + 1); RTA_OK(a, left); a = RTA_NEXT(a, left)) {
            if (a->rta_type != INET_DIAG_INFO)
                continue;
            tcp_info info{};  // another kernel's may be shorter, or longer
            std::memcpy(&info, RTA_DATA(a), std::min<std::size_t>(RTA_PAYLOAD(a), sizeof info));
            each(*socket, info);
        }
    }

    const int netlink_;
};

double bytes_exchanged_with(const std::set<std::uint16_t>& ports)
{
    double bytes = 0;
    socket_list{}.visit([&](const inet_diag_msg& socket, const tcp_info& info) {
        if (ports.contains(ntohs(socket.id.idiag_dport)))
            bytes += static_cast<double>(info.tcpi_bytes_acked) + static_cast<double>(info.tcpi_bytes_received);
    });
    return bytes;
}

}  // namespace

wire_meter::wire_meter(const std::string& servers) : ports_{ports_of(servers)}, before_{bytes_exchanged_with(ports_)} {}

double wire_meter::bytes() const { return bytes_exchanged_with(ports_) - before_; }

}  // namespace bench

#include "free_port.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>
#include <random>
#include <stdexcept>
#include <utility>

namespace turnstile::inline v0::testing {

namespace {

bool is_free(std::uint16_t port)
{
    const int s = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const bool bound =
        ::bind(s, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;  // NOLINT(*-reinterpret-cast)
    ::close(s);
    return bound;
}

/// The larger of the two stretches beside the ports of outgoing connections.
std::pair<int, int> quiet_ports()
{
    constexpr int lowest = 10'000;
    constexpr int highest = 65'535;
    int from = 32'768;
    int to = 60'999;
    std::ifstream{"/proc/sys/net/ipv4/ip_local_port_range"} >> from >> to;
    if (from - lowest < 100 && highest - to < 100)
        return {lowest, highest};  // all of them are for outgoing connections, so they have to do
    return from - lowest >= highest - to ? std::pair{lowest, from - 1} : std::pair{to + 1, highest};
}

}  // namespace

std::uint16_t free_port()
{
    static const auto range = quiet_ports();
    std::random_device dice;
    std::uniform_int_distribution<int> any{range.first, range.second};
    for (int tries = 0; tries < 1000; ++tries) {
        const auto port = static_cast<std::uint16_t>(any(dice));
        if (is_free(port))
            return port;
    }
    throw std::runtime_error{"no free TCP port on 127.0.0.1"};
}

}  // namespace turnstile::inline v0::testing

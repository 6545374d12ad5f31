#include "server_list.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <memory>
#include <utility>

#include <netdb.h>

namespace turnstile::inline v0::detail {

namespace {

constexpr std::string_view default_port = "2181";

/// "host:port", "host", "[v6]:port".
std::pair<std::string, std::string> split(std::string_view server)
{
    const auto bracket = server.rfind(']');
    const auto colon = server.rfind(':');
    const bool has_port = colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
    auto host = has_port ? server.substr(0, colon) : server;
    const auto port = has_port ? server.substr(colon + 1) : default_port;
    if (host.size() >= 2 && host.front() == '[' && host.back() == ']')
        host = host.substr(1, host.size() - 2);
    return {std::string{host}, std::string{port}};
}

std::vector<std::string> resolve(const std::string& host, const std::string& port, spdlog::logger& log)
{
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (const int rc = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &found); rc != 0) {
        SPDLOG_LOGGER_WARN(&log, "cannot resolve {}: {}", host, ::gai_strerror(rc));
        return {};
    }
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned{found, &::freeaddrinfo};
    std::vector<std::string> addresses;
    for (const auto* a = found; a; a = a->ai_next) {
        char numeric[NI_MAXHOST];
        if (::getnameinfo(a->ai_addr, a->ai_addrlen, numeric, sizeof numeric, nullptr, 0, NI_NUMERICHOST) == 0)
            addresses.push_back(std::string{numeric} + ":" + port);
    }
    return addresses;
}

}  // namespace

std::vector<std::string> odd_list(std::vector<std::string> addresses)
{
    std::vector<std::string> list;
    for (auto& a : addresses)
        if (std::find(list.begin(), list.end(), a) == list.end())
            list.push_back(std::move(a));
    if (list.size() % 2 == 0 && !list.empty())
        list.push_back(list.front());
    return list;
}

std::string numeric_server_list(std::string_view servers, spdlog::logger& log)
{
    std::vector<std::string> all;
    while (!servers.empty()) {
        const auto comma = servers.find(',');
        auto one = servers.substr(0, comma);
        servers.remove_prefix(comma == std::string_view::npos ? servers.size() : comma + 1);
        while (!one.empty() && one.front() == ' ')
            one.remove_prefix(1);
        while (!one.empty() && one.back() == ' ')
            one.remove_suffix(1);
        if (one.empty())
            continue;
        const auto [host, port] = split(one);
        for (auto& address : resolve(host, port, log))
            all.push_back(std::move(address));
    }
    std::string joined;
    for (const auto& a : odd_list(std::move(all)))
        joined.append(joined.empty() ? "" : ",").append(a);
    return joined;
}

}  // namespace turnstile::inline v0::detail

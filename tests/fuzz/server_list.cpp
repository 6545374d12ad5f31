// Connect strings: whatever they are, libzookeeper gets an odd number of numeric addresses, or none. Names are resolved by a
// resolver of our own (below), so that no input asks the network.
#include "property.hpp"

#include "src/server_list.hpp"

#include <spdlog/sinks/null_sink.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>

namespace turnstile::fuzz {

namespace {

bool is_port(const char* service)
{
    const auto n = std::strlen(service);
    return n >= 1 && n <= 5 && std::all_of(service, service + n, [](char c) { return c >= '0' && c <= '9'; });
}

template <class Address>
addrinfo* new_answer(int family, const Address& address)
{
    auto* const a = static_cast<addrinfo*>(std::calloc(1, sizeof(addrinfo)));
    a->ai_family = family;
    a->ai_addrlen = sizeof address;
    a->ai_addr = static_cast<sockaddr*>(std::malloc(sizeof address));
    std::memcpy(a->ai_addr, &address, sizeof address);
    return a;
}

spdlog::logger& silence()
{
    static spdlog::logger log{"silence", std::make_shared<spdlog::sinks::null_sink_mt>()};
    return log;
}

std::vector<std::string> addresses_in(std::string_view list)
{
    std::vector<std::string> all;
    if (!list.empty())
        for (const auto one : split(list, ','))
            all.emplace_back(one);
    return all;
}

void check_odd(const std::vector<std::string>& asked, std::vector<std::string> list)
{
    require(list.empty() == asked.empty(), "a list is empty only when nothing was asked for");
    require(list.empty() || list.size() % 2 == 1, "the number of addresses is odd");
    for (const auto& a : asked)
        require(std::find(list.begin(), list.end(), a) != list.end(), "nobody is left out");
    if (list.size() > 1 && list.back() == list.front())
        list.pop_back();
    std::sort(list.begin(), list.end());
    require(std::adjacent_find(list.begin(), list.end()) == list.end(), "only the first may come twice, and last");
}

void check_numeric(const std::string& list)
{
    for (const auto& address : addresses_in(list)) {
        const auto colon = address.rfind(':');
        require(colon != std::string::npos && is_port(address.c_str() + colon + 1), "each address has a port");
        in6_addr any{};
        const auto host = address.substr(0, colon);
        require(::inet_pton(AF_INET, host.c_str(), &any) == 1 || ::inet_pton(AF_INET6, host.c_str(), &any) == 1,
                "each address is numeric");
    }
}

}  // namespace

}  // namespace turnstile::fuzz

/// Knows numeric addresses, and "twin", which has two.
extern "C" int getaddrinfo(const char* node, const char* service, const addrinfo*, addrinfo** answer)
{
    using namespace turnstile::fuzz;
    require(std::strpbrk(node, ",") == nullptr, "a name has no comma");
    if (!is_port(service))
        return EAI_SERVICE;
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    const bool twin = std::strcmp(node, "twin") == 0;
    if (::inet_pton(AF_INET, twin ? "10.0.0.1" : node, &v4.sin_addr) == 1) {
        *answer = new_answer(AF_INET, v4);
        if (twin) {
            v6.sin6_addr = in6addr_loopback;
            (*answer)->ai_next = new_answer(AF_INET6, v6);
        }
        return 0;
    }
    if (::inet_pton(AF_INET6, node, &v6.sin6_addr) == 1) {
        *answer = new_answer(AF_INET6, v6);
        return 0;
    }
    return EAI_NONAME;
}

extern "C" void freeaddrinfo(addrinfo* a) noexcept
{
    while (a) {
        auto* const next = a->ai_next;
        std::free(a->ai_addr);
        std::free(a);
        a = next;
    }
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace turnstile;
    const auto text = fuzz::text_of(data, size);
    const auto asked = fuzz::addresses_in(text);
    fuzz::check_odd(asked, detail::odd_list(asked));

    const auto list = detail::numeric_server_list(text, fuzz::silence());
    const auto addresses = fuzz::addresses_in(list);
    fuzz::check_odd(addresses, addresses);
    fuzz::check_numeric(list);
    fuzz::require(detail::numeric_server_list(list, fuzz::silence()) == list, "a numeric list stays as it is");
    return 0;
}

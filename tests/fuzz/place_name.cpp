// Names of places: the input is a directory's children, one a line. Parsing is strict, the order is an order, and who stands
// ahead does not depend on how the server sorts its list.
#include "property.hpp"

#include <turnstile/path.hpp>

#include "recipes/detail/place_name.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

namespace turnstile::fuzz {

namespace {

using detail::place;

constexpr std::size_t digits = 10;

bool looks_like_a_place(std::string_view name)
{
    if (name.size() < digits)
        return false;
    const auto number = name.substr(name.size() - digits);
    const auto head = name.substr(0, name.size() - digits);
    const auto digit = [](char c) { return c >= '0' && c <= '9'; };
    const auto tails = {"-lock-", "__lock__", "__rlock__", "__READ__", "__WRIT__"};
    return std::all_of(number.begin(), number.end(), digit) && number <= "2147483647" &&
           std::any_of(tails.begin(), tails.end(), [&](const char* tail) { return head.ends_with(tail); });
}

void check_parsing(const std::string& name)
{
    const auto p = detail::parse_place(name);
    require(p.has_value() == looks_like_a_place(name), "a place is what looks like one, and nothing else");
    if (!p)
        return;
    require(p->name == name, "a place keeps its name");
    require(p->sequence == std::stoll(name.substr(name.size() - digits)), "its number is what its digits say");
    require(!detail::parse_place(name + "x") && !detail::parse_place(name + " "), "nothing stands behind the number");
}

/// Of three at a time: irreflexive, asymmetric, transitive, and equal when neither is less.
void check_order(const place& a, const place& b, const place& c)
{
    require(!(a < a), "no place is before itself");
    require(!(a < b && b < a), "two places are not before each other");
    require(!(a < b && b < c) || a < c, "the order is transitive");
    require((!(a < b) && !(b < a)) == (a == b), "different places have an order");
    require(a.sequence >= b.sequence || a < b, "the number decides");
}

void check_ahead(const std::vector<std::string>& children, const place& own, std::size_t how_many)
{
    const auto ahead = detail::places_ahead(children, own, how_many);
    require(ahead.has_value(), "who is in the list is found in it");
    require(std::is_sorted(ahead->nearest.begin(), ahead->nearest.end()), "the nearest stands last");
    std::vector<detail::place_view> before;
    for (const auto& child : children) {
        const auto p = detail::view_place(child);
        const bool waits_for = p && !(p->shared && detail::view_place(own.name)->shared);
        if (waits_for && *detail::parse_place(child) < own)
            before.push_back(*p);
    }
    std::sort(before.begin(), before.end());
    const auto shown = before.end() - static_cast<std::ptrdiff_t>(std::min(how_many, before.size()));
    require(std::equal(shown, before.end(), ahead->nearest.begin(), ahead->nearest.end()),
            "the nearest before us are shown");
    const auto weighs = [](std::uint64_t sum, const detail::place_view& p) { return sum + p.weight; };
    require(std::accumulate(before.begin(), shown, std::uint64_t{0}, weighs) == ahead->beyond, "and the others weighed");

    auto reversed = children;
    std::reverse(reversed.begin(), reversed.end());
    const auto again = detail::places_ahead(reversed, own, how_many);
    require(again && again->nearest == ahead->nearest && again->beyond == ahead->beyond,
            "the order of the list does not matter");
    std::erase(reversed, own.name);
    require(!detail::places_ahead(reversed, own, how_many), "a list without us says so");
}

void check_marker(const std::uint8_t* data, std::size_t size)
{
    std::int64_t session = 0;
    std::uint64_t counter = 0;
    if (size < 1 + sizeof session + sizeof counter)
        return;
    std::memcpy(&session, data + 1, sizeof session);
    std::memcpy(&counter, data + 1 + sizeof session, sizeof counter);
    using enum detail::claim::kind;
    const detail::claim kind{std::array{whole, read, write, permits}[data[0] % 4], data[0]};
    const auto marker = detail::place_marker(kind, session, counter);
    require(marker != detail::place_marker(kind, session, counter + 1), "the next attempt has another mark");
    require(marker != detail::place_marker(kind, session + 1, counter), "another session has another mark");
    const auto name = marker + "0000000042";
    require(!check_path("/" + name), "our names are good components");
    require(!detail::may_insert(name), "nobody of ours puts anybody in front");
    if (kind.what == permits)
        require(detail::view_place(name)->weight == std::max<std::uint32_t>(kind.weight, 1), "a weight comes back");
    check_parsing(name);
}

}  // namespace

}  // namespace turnstile::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace turnstile::fuzz;
    std::vector<std::string> children;
    std::vector<place> places;
    for (const auto line : split(text_of(data, std::min<std::size_t>(size, 1'024)), '\n')) {
        children.emplace_back(line);
        check_parsing(children.back());
        if (auto p = turnstile::detail::parse_place(line))
            places.push_back(std::move(*p));
    }
    places.resize(std::min<std::size_t>(places.size(), 8));
    for (const auto& a : places)
        for (const auto& b : places)
            for (const auto& c : places)
                check_order(a, b, c);
    for (const auto& own : places)
        for (const std::size_t how_many : {0, 1, 3, 1'000})
            check_ahead(children, own, how_many);
    check_marker(data, size);
    return 0;
}

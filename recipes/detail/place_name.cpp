#include "place_name.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <system_error>

namespace turnstile::inline v0::detail {

namespace {

constexpr std::size_t digits = 10;

std::string base64url(std::uint64_t value)
{
    static constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    std::string out(11, 'A');
    for (auto at = out.rbegin(); at != out.rend(); ++at, value >>= 6U)
        *at = alphabet[value & 63U];
    return out;
}

std::string base36(std::uint64_t value)
{
    static constexpr std::string_view alphabet = "0123456789abcdefghijklmnopqrstuvwxyz";
    std::string out;
    do {
        out.push_back(alphabet[value % 36]);
        value /= 36;
    } while (value != 0);
    std::reverse(out.begin(), out.end());
    return out;
}

/// What stands between the name of the contender and its number.
struct tail {
    std::string_view text;
    bool shared;
};

constexpr std::array tails{tail{"-lock-", false}, tail{"__lock__", false}, tail{"__WRIT__", false}, tail{"__READ__", true},
                           tail{"__rlock__", true}};

std::string_view tail_of(claim::kind what) noexcept
{
    switch (what) {
        case claim::kind::write:
            return "-__WRIT__";
        case claim::kind::read:
            return "-__READ__";
        case claim::kind::whole:
        case claim::kind::permits:
            break;
    }
    return "-lock-";
}

char letter_of(claim::kind what) noexcept
{
    switch (what) {
        case claim::kind::write:
            return 'w';
        case claim::kind::read:
            return 'r';
        case claim::kind::permits:
            return 's';
        case claim::kind::whole:
            break;
    }
    return 'x';
}

/// Digits only, and no more than fit.
template <class Number>
std::optional<Number> strict_number(std::string_view text)
{
    Number n = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), n);
    const bool whole = failed == std::errc{} && end == text.data() + text.size() && !text.starts_with('-');
    return whole ? std::optional{n} : std::nullopt;
}

/// How many permits a place of a semaphore asks for; 1 where nothing (sensible) is said.
std::uint32_t weight_in(std::string_view contender)
{
    const auto star = contender.starts_with(letter_of(claim::kind::permits)) ? contender.rfind('*') : std::string_view::npos;
    if (star == std::string_view::npos)
        return 1;
    const auto weight = strict_number<std::uint32_t>(contender.substr(star + 1));
    return std::max(weight.value_or(1), std::uint32_t{1});
}

/// The part of the contender.
std::string_view without_key(std::string_view name) noexcept { return name.substr(key_of(name).size()); }

}  // namespace

std::string_view key_of(std::string_view name) noexcept
{
    const auto end = name.find(key_end);
    return end == std::string_view::npos ? std::string_view{} : name.substr(0, end + 1);
}

std::string_view line_of(std::string_view node) noexcept
{
    const auto name = node.rfind('/') + 1;
    const auto key = key_of(node.substr(name));
    return node.substr(0, name + key.size());
}

bool asks_for_permits(std::string_view name) noexcept
{
    return without_key(name).starts_with(letter_of(claim::kind::permits));
}

std::optional<place_view> view_place(std::string_view name)
{
    if (name.size() <= digits)
        return std::nullopt;
    const auto head = name.substr(0, name.size() - digits);
    const auto kind = std::find_if(tails.begin(), tails.end(), [&](const tail& t) { return head.ends_with(t.text); });
    const auto sequence = strict_number<std::int32_t>(name.substr(head.size()));
    if (kind == tails.end() || !sequence)
        return std::nullopt;
    place_view p{*sequence, name};
    p.shared = kind->shared;
    p.weight = weight_in(without_key(head.substr(0, head.size() - kind->text.size())));
    return p;
}

std::optional<place> parse_place(std::string_view name)
{
    const auto p = view_place(name);
    return p ? std::optional{place{p->sequence, std::string{p->name}}} : std::nullopt;
}

std::string place_marker(claim what, std::int64_t session_id, std::uint64_t counter)
{
    std::string marker(1, letter_of(what.what));
    marker.append(base64url(static_cast<std::uint64_t>(session_id))).append(".").append(base36(counter));
    if (what.what == claim::kind::permits)
        marker.append("*").append(std::to_string(what.weight));
    return marker.append(tail_of(what.what));
}

bool may_insert(std::string_view name) noexcept
{
    if (name.size() <= digits)
        return false;
    const auto head = name.substr(0, name.size() - digits);
    return head.ends_with("__WRIT__") && !without_key(head).starts_with(letter_of(claim::kind::write));
}

std::vector<place_view> places_in(const std::vector<std::string>& children, std::string_view key)
{
    std::vector<place_view> places;
    for (const auto& child : children)
        if (const auto p = key_of(child) == key ? view_place(child) : std::nullopt)
            places.push_back(*p);
    std::sort(places.begin(), places.end());
    return places;
}

std::optional<queue_ahead> places_ahead(const std::vector<std::string>& children, const place& own, std::size_t how_many)
{
    const auto ours = view_place(own.name).value_or(place_view{own.sequence, own.name});
    const auto key = key_of(own.name);
    queue_ahead ahead;
    auto& nearest = ahead.nearest;  // a heap, whose front is the farthest of them
    bool present = false;
    for (const auto& child : children) {
        const auto p = key_of(child) == key ? view_place(child) : std::nullopt;
        if (!p)
            continue;
        if (*p == ours)
            present = true;
        if (*p >= ours || (p->shared && ours.shared))
            continue;
        if (nearest.size() == how_many && (nearest.empty() || *p < nearest.front())) {
            ahead.beyond += p->weight;
            continue;
        }
        nearest.push_back(*p);
        std::push_heap(nearest.begin(), nearest.end(), std::greater<>{});
        if (nearest.size() > how_many) {
            std::pop_heap(nearest.begin(), nearest.end(), std::greater<>{});
            ahead.beyond += nearest.back().weight;
            nearest.pop_back();
        }
    }
    if (!present)
        return std::nullopt;
    std::sort(nearest.begin(), nearest.end());
    return ahead;
}

}  // namespace turnstile::inline v0::detail

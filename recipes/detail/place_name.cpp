#include "place_name.hpp"

#include <algorithm>
#include <limits>

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

}  // namespace

std::optional<place_view> view_place(std::string_view name)
{
    if (name.size() <= digits)
        return std::nullopt;
    const auto head = name.substr(0, name.size() - digits);
    if (!head.ends_with("-lock-") && !head.ends_with("__lock__"))
        return std::nullopt;
    std::int64_t sequence = 0;
    for (const char c : name.substr(head.size())) {
        if (c < '0' || c > '9')
            return std::nullopt;
        sequence = sequence * 10 + (c - '0');
    }
    if (sequence > std::numeric_limits<std::int32_t>::max())
        return std::nullopt;
    return place_view{sequence, name};
}

std::optional<place> parse_place(std::string_view name)
{
    const auto p = view_place(name);
    return p ? std::optional{place{p->sequence, std::string{p->name}}} : std::nullopt;
}

std::string place_marker(char kind, std::int64_t session_id, std::uint64_t counter)
{
    std::string marker(1, kind);
    marker.append(base64url(static_cast<std::uint64_t>(session_id))).append(".").append(base36(counter)).append("-lock-");
    return marker;
}

std::optional<std::vector<place_view>> places_ahead(const std::vector<std::string>& children, const place& own)
{
    const place_view ours{own};
    std::vector<place_view> ahead;
    bool present = false;
    for (const auto& child : children) {
        const auto p = view_place(child);
        if (!p)
            continue;
        if (*p == ours)
            present = true;
        else if (*p < ours)
            ahead.push_back(*p);
    }
    if (!present)
        return std::nullopt;
    std::sort(ahead.begin(), ahead.end());
    return ahead;
}

}  // namespace turnstile::inline v0::detail

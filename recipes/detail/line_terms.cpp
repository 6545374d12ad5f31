#include "line_terms.hpp"

#include <charconv>
#include <system_error>

namespace turnstile::inline v0::detail {

namespace {

constexpr std::string_view heading = "turnstile 1\nmaximum ";

}  // namespace

std::string terms_to_text(std::uint32_t maximum)
{
    return std::string{heading}.append(std::to_string(maximum)).append("\n");
}

std::optional<std::uint32_t> parse_terms(std::string_view text)
{
    if (!text.starts_with(heading))
        return std::nullopt;
    text.remove_prefix(heading.size());
    const auto number = text.substr(0, text.find('\n'));
    std::uint32_t maximum = 0;
    const auto [end, failed] = std::from_chars(number.data(), number.data() + number.size(), maximum);
    const bool sound = failed == std::errc{} && end == number.data() + number.size() && maximum > 0;
    return sound ? std::optional{maximum} : std::nullopt;
}

}  // namespace turnstile::inline v0::detail

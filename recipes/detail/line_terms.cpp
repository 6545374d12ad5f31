#include "line_terms.hpp"

#include "record_text.hpp"

#include <charconv>
#include <system_error>

namespace turnstile::inline v0::detail {

std::string terms_to_text(std::uint32_t maximum)
{
    std::string text{record_heading};
    append_record_line(text, "maximum", std::to_string(maximum));
    return text;
}

std::optional<std::uint32_t> parse_terms(std::string_view text)
{
    std::optional<std::uint32_t> maximum;
    for_each_record_line(text, [&](std::string_view key, std::string_view value) {
        std::uint32_t n = 0;
        const auto [end, failed] = std::from_chars(value.data(), value.data() + value.size(), n);
        const bool sound = failed == std::errc{} && end == value.data() + value.size() && n > 0;
        if (key == "maximum")
            maximum = sound ? std::optional{n} : std::nullopt;
    });
    return maximum;
}

}  // namespace turnstile::inline v0::detail

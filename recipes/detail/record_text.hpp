// The form of all small records in znodes: a heading with the format's version, then lines of a key and a value.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace turnstile::inline v0::detail {

inline constexpr std::string_view record_heading = "turnstile 1\n";

/// Nothing for an empty value. What would break the line becomes a space.
void append_record_line(std::string& text, std::string_view key, std::string_view value);

/// Calls `f(key, value)` for each line; not at all when the text is no record of ours.
template <class F>
void for_each_record_line(std::string_view text, F f)
{
    if (!text.starts_with(record_heading))
        return;
    text.remove_prefix(record_heading.size());
    while (!text.empty()) {
        const auto end = text.find('\n');
        const auto line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        if (const auto space = line.find(' '); space != std::string_view::npos)
            f(line.substr(0, space), line.substr(space + 1));
    }
}

}  // namespace turnstile::inline v0::detail

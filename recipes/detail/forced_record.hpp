// What is written down when a place is taken by force, as text with a line for each field.
#pragma once

#include <string>
#include <string_view>

namespace turnstile::inline v0::detail {

struct forced_record {
    std::string line;
    std::string node;
    std::string holder;
    std::string by;
    std::string reason;

    forced_record() = default;
    friend bool operator==(const forced_record&, const forced_record&) = default;
};

std::string to_text(const forced_record& r);
/// Empty fields where the text is nonsense.
forced_record parse_forced_record(std::string_view text);

}  // namespace turnstile::inline v0::detail

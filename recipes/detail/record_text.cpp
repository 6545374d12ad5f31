#include "record_text.hpp"

namespace turnstile::inline v0::detail {

void append_record_line(std::string& text, std::string_view key, std::string_view value)
{
    if (value.empty())
        return;
    text.append(key).append(" ");
    for (const char c : value)
        text.push_back(static_cast<unsigned char>(c) < 0x20 ? ' ' : c);
    text.push_back('\n');
}

}  // namespace turnstile::inline v0::detail

#include "forced_record.hpp"

#include "record_text.hpp"

namespace turnstile::inline v0::detail {

std::string to_text(const forced_record& r)
{
    std::string text{record_heading};
    append_record_line(text, "line", r.line);
    append_record_line(text, "node", r.node);
    append_record_line(text, "holder", r.holder);
    append_record_line(text, "by", r.by);
    append_record_line(text, "reason", r.reason);
    return text;
}

forced_record parse_forced_record(std::string_view text)
{
    forced_record r;
    for_each_record_line(text, [&](std::string_view key, std::string_view value) {
        if (key == "line")
            r.line = value;
        else if (key == "node")
            r.node = value;
        else if (key == "holder")
            r.holder = value;
        else if (key == "by")
            r.by = value;
        else if (key == "reason")
            r.reason = value;
    });
    return r;
}

}  // namespace turnstile::inline v0::detail

#include "intent_record.hpp"

#include "record_text.hpp"

#include <charconv>

namespace turnstile::inline v0::detail {

std::string to_text(const intent_record& r)
{
    std::string text{record_heading};
    append_record_line(text, "mark", r.mark);
    append_record_line(text, "fence", std::to_string(r.fence));
    append_record_line(text, "operation", r.operation);
    append_record_line(text, "by", r.by);
    return text.append("\n").append(r.intent);
}

intent_record parse_intent_record(std::string_view text)
{
    intent_record r;
    const auto end = text.find("\n\n");
    if (!text.starts_with(record_heading) || end == std::string_view::npos) {
        r.intent = text;
        return r;
    }
    for_each_record_line(text.substr(0, end + 1), [&](std::string_view key, std::string_view value) {
        if (key == "mark")
            r.mark = value;
        else if (key == "fence")
            std::from_chars(value.data(), value.data() + value.size(), r.fence);
        else if (key == "operation")
            r.operation = value;
        else if (key == "by")
            r.by = value;
    });
    r.intent = text.substr(end + 2);
    return r;
}

}  // namespace turnstile::inline v0::detail

#include "contender_record.hpp"

#include "record_text.hpp"

#include <charconv>

#include <limits.h>
#include <unistd.h>

namespace turnstile::inline v0::detail {

std::string to_text(const contender_record& r)
{
    std::string text{record_heading};
    append_record_line(text, "host", r.host);
    append_record_line(text, "pid", r.pid != 0 ? std::to_string(r.pid) : std::string{});
    append_record_line(text, "label", r.label);
    append_record_line(text, "for", r.purpose);
    append_record_line(text, "owner", r.owner);
    for (const auto& node : r.holds)
        append_record_line(text, "holds", node);
    append_record_line(text, "mode", r.downgraded ? "shared" : "");
    append_record_line(text, "asked-by", r.asked_by);
    append_record_line(text, "asked-for", r.asked_for);
    return text;
}

contender_record parse_contender_record(std::string_view text)
{
    contender_record r;
    for_each_record_line(text, [&](std::string_view key, std::string_view value) {
        if (key == "host")
            r.host = value;
        else if (key == "pid")
            std::from_chars(value.data(), value.data() + value.size(), r.pid);
        else if (key == "label")
            r.label = value;
        else if (key == "for")
            r.purpose = value;
        else if (key == "owner")
            r.owner = value;
        else if (key == "holds" && !value.empty() && r.holds.size() < holds_max)
            r.holds.emplace_back(value);
        else if (key == "mode")
            r.downgraded = value == "shared";
        else if (key == "asked-by")
            r.asked_by = value;
        else if (key == "asked-for")
            r.asked_for = value;
    });
    return r;
}

std::string in_words(const contender_record& r)
{
    std::string words = r.host.empty() ? "somebody" : r.host;
    words.append(", pid ").append(std::to_string(r.pid));
    if (!r.label.empty())
        words.append(", ").append(r.label);
    return words;
}

contender_record this_process()
{
    static const std::string host = [] {
        char name[HOST_NAME_MAX + 1] = {};
        return ::gethostname(name, HOST_NAME_MAX) == 0 ? std::string{name} : std::string{};
    }();
    contender_record r;
    r.host = host;
    r.pid = ::getpid();  // asked anew: a fork changes it
    return r;
}

}  // namespace turnstile::inline v0::detail

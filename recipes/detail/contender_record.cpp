#include "contender_record.hpp"

#include <charconv>

#include <limits.h>
#include <unistd.h>

namespace turnstile::inline v0::detail {

namespace {

constexpr std::string_view heading = "turnstile 1\n";

void append_line(std::string& text, std::string_view key, std::string_view value)
{
    if (value.empty())
        return;
    text.append(key).append(" ");
    for (const char c : value)
        text.push_back(static_cast<unsigned char>(c) < 0x20 ? ' ' : c);  // one line each
    text.push_back('\n');
}

}  // namespace

std::string to_text(const contender_record& r)
{
    std::string text{heading};
    append_line(text, "host", r.host);
    append_line(text, "pid", r.pid != 0 ? std::to_string(r.pid) : std::string{});
    append_line(text, "label", r.label);
    append_line(text, "for", r.purpose);
    append_line(text, "mode", r.downgraded ? "shared" : "");
    return text;
}

contender_record parse_contender_record(std::string_view text)
{
    contender_record r;
    if (!text.starts_with(heading))
        return r;
    text.remove_prefix(heading.size());
    while (!text.empty()) {
        const auto end = text.find('\n');
        const auto line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        const auto space = line.find(' ');
        if (space == std::string_view::npos)
            continue;
        const auto key = line.substr(0, space);
        const auto value = line.substr(space + 1);
        if (key == "host")
            r.host = value;
        else if (key == "pid")
            std::from_chars(value.data(), value.data() + value.size(), r.pid);
        else if (key == "label")
            r.label = value;
        else if (key == "for")
            r.purpose = value;
        else if (key == "mode")
            r.downgraded = value == "shared";
    }
    return r;
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

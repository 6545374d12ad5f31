#include "claim_record.hpp"

#include "record_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace turnstile::inline v0::detail {

namespace {

using status = claim_record::status;

constexpr std::array names{
    std::pair{status::running, std::string_view{"running"}}, std::pair{status::suspect, std::string_view{"suspect"}},
    std::pair{status::open, std::string_view{"open"}}, std::pair{status::done, std::string_view{"done"}},
    std::pair{status::failed, std::string_view{"failed"}}};

std::string_view name_of(status s)
{
    return std::find_if(names.begin(), names.end(), [&](const auto& n) { return n.first == s; })->second;
}

status status_of(std::string_view name)
{
    const auto* const known = std::find_if(names.begin(), names.end(), [&](const auto& n) { return n.second == name; });
    return known == names.end() ? status::suspect : known->first;
}

template <class Number>
void read(std::string_view text, Number& n)
{
    std::from_chars(text.data(), text.data() + text.size(), n);
}

}  // namespace

std::string to_text(const claim_record& r)
{
    std::string text{record_heading};
    append_record_line(text, "state", name_of(r.state));
    append_record_line(text, "owner", r.owner);
    append_record_line(text, "mark", r.mark);
    append_record_line(text, "attempt", std::to_string(r.attempt));
    append_record_line(text, "fingerprint", r.fingerprint);
    append_record_line(text, "by", r.by);
    if (!r.intent.empty())
        append_record_line(text, "intent-bytes", std::to_string(r.intent.size()));
    return text.append("\n").append(r.intent).append(r.result);
}

claim_record parse_claim_record(std::string_view text)
{
    claim_record r;
    const auto end = text.find("\n\n");
    if (!text.starts_with(record_heading) || end == std::string_view::npos) {
        r.state = status::suspect;
        return r;
    }
    std::size_t intent_bytes = 0;
    for_each_record_line(text.substr(0, end + 1), [&](std::string_view key, std::string_view value) {
        if (key == "state")
            r.state = status_of(value);
        else if (key == "owner")
            r.owner = value;
        else if (key == "mark")
            r.mark = value;
        else if (key == "attempt")
            read(value, r.attempt);
        else if (key == "fingerprint")
            r.fingerprint = value;
        else if (key == "by")
            r.by = value;
        else if (key == "intent-bytes")
            read(value, intent_bytes);
    });
    const auto body = text.substr(end + 2);
    r.intent = body.substr(0, intent_bytes);
    r.result = body.substr(std::min(intent_bytes, body.size()));
    return r;
}

}  // namespace turnstile::inline v0::detail

// What stands in a contender's node: whatever it is, reading it gives fields or none, and what is written can be read.
#include "property.hpp"

#include "recipes/detail/contender_record.hpp"

#include <algorithm>
#include <charconv>
#include <string>

namespace turnstile::fuzz {

namespace {

using detail::contender_record;

std::string in_one_line(std::string text)
{
    std::replace_if(
        text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
    return text;
}

void check_round_trip(const contender_record& r)
{
    auto expected = r;
    for (auto* field : {&expected.host, &expected.label, &expected.purpose})
        *field = in_one_line(*field);
    const auto text = detail::to_text(r);
    require(detail::parse_contender_record(text) == expected, "what was written is read, on one line each");
    require(detail::to_text(expected) == text, "and written again it is the same");
}

/// host, label, purpose and pid, split at zero bytes.
contender_record from_parts(std::string_view text)
{
    auto parts = split(text, '\0');
    parts.resize(4);
    contender_record r;
    r.host = parts[0];
    r.label = parts[1];
    r.purpose = parts[2];
    std::from_chars(parts[3].data(), parts[3].data() + parts[3].size(), r.pid);
    return r;
}

void check_reading(std::string_view text)
{
    const auto r = detail::parse_contender_record(text);
    for (const auto& field : {r.host, r.label, r.purpose})
        require(field.find('\n') == std::string::npos, "a field is one line");
    if (!text.starts_with("turnstile 1\n"))
        require(r == contender_record{}, "other libraries' data give empty fields");
    check_round_trip(r);
    require(detail::parse_contender_record(std::string{text} + "\nlater-field x\n") == r, "unknown lines are skipped");
}

}  // namespace

}  // namespace turnstile::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto text = turnstile::fuzz::text_of(data, size);
    turnstile::fuzz::check_reading(text);
    turnstile::fuzz::check_reading("turnstile 1\n" + std::string{text});
    turnstile::fuzz::check_round_trip(turnstile::fuzz::from_parts(text));
    return 0;
}

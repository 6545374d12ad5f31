// What stands in nodes of ours (a contender's, a semaphore's directory, a record of force): whatever it is, reading it gives
// fields or none, and what is written can be read.
#include "property.hpp"

#include "recipes/detail/contender_record.hpp"
#include "recipes/detail/forced_record.hpp"
#include "recipes/detail/line_terms.hpp"

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
    for (auto* field :
         {&expected.host, &expected.label, &expected.purpose, &expected.owner, &expected.asked_by, &expected.asked_for})
        *field = in_one_line(*field);
    for (auto& node : expected.holds)
        node = in_one_line(node);
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
    r.asked_by = parts[1];
    r.asked_for = parts[2];
    r.owner = parts[0];
    for (const auto& node : {parts[0], parts[1]})
        if (!node.empty())
            r.holds.emplace_back(node);
    r.downgraded = parts[2].size() % 2 == 1;
    std::from_chars(parts[3].data(), parts[3].data() + parts[3].size(), r.pid);
    return r;
}

void check_reading(std::string_view text)
{
    const auto r = detail::parse_contender_record(text);
    for (const auto& field : {r.host, r.label, r.purpose, r.asked_by, r.asked_for})
        require(field.find('\n') == std::string::npos, "a field is one line");
    if (!text.starts_with("turnstile 1\n"))
        require(r == contender_record{}, "other libraries' data give empty fields");
    check_round_trip(r);
    require(detail::parse_contender_record(std::string{text} + "\nlater-field x\n") == r, "unknown lines are skipped");

    const auto forced = detail::parse_forced_record(text);
    require(detail::parse_forced_record(detail::to_text(forced)) == forced, "a record of force comes back");
    if (const auto maximum = detail::parse_terms(text)) {
        require(*maximum > 0, "a maximum lets somebody in");
        require(detail::parse_terms(detail::terms_to_text(*maximum)) == maximum, "a maximum comes back");
    }
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

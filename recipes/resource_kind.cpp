#include <turnstile/path.hpp>
#include <turnstile/recipes/resource_kind.hpp>

#include <algorithm>
#include <charconv>

namespace turnstile::inline v0 {

namespace {

constexpr std::size_t fields_max = 8;

[[noreturn]] void refuse(const std::string& kind, const std::string& why)
{
    throw error{errc::bad_argument, "resource_key", kind, why};
}

template <class Number>
bool is_number(const std::string& text)
{
    Number n = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), n);
    return failed == std::errc{} && end == text.data() + text.size();
}

/// As it stands in a key. Numbers have one spelling, so that 7 and 007 are not two resources.
std::string encoded_field(const std::string& kind, const std::string& field, const std::string& value)
{
    switch (detail::type_of_field(field)) {
        case detail::field_type::u64:
            if (!is_number<std::uint64_t>(value))
                refuse(kind, field + ": not a number from 0 to 2^64-1: '" + value + "'");
            return std::to_string(std::stoull(value));
        case detail::field_type::i64:
            if (!is_number<std::int64_t>(value))
                refuse(kind, field + ": not a 64-bit number: '" + value + "'");
            return std::to_string(std::stoll(value));
        default:
            break;
    }
    if (value.empty())
        refuse(kind, field + ": empty");
    if (value == "." || value == "..")
        refuse(kind, field + ": '" + value + "' cannot name anything");
    if (std::any_of(value.begin(), value.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }))
        refuse(kind, field + ": a control character");
    if (value.size() > key_max)
        refuse(kind, field + ": longer than " + std::to_string(key_max) + " bytes");
    return encode_component(value);
}

}  // namespace

kind_definition::kind_definition(std::string name_, std::vector<std::string> fields_)
    : name{std::move(name_)}, fields{std::move(fields_)}
{
    if (!detail::is_kind_name(name))
        throw error{errc::bad_argument, "kind_definition", name,
                    "a letter and then letters, digits, '_' or '-', all small; at most " + std::to_string(kind_name_max)};
    if (fields.empty() || fields.size() > fields_max)
        throw error{errc::bad_argument, "kind_definition", name, "from 1 to 8 fields"};
    for (const auto& f : fields)
        if (detail::type_of_field(f) == detail::field_type::none)
            throw error{errc::bad_argument, "kind_definition", name, "not name:u64, name:i64 or name:text: '" + f + "'"};
}

resource_key::resource_key(const kind_definition& kind, const std::vector<std::string>& values) : kind_{kind.name}
{
    if (values.size() != kind.fields.size())
        refuse(kind_, std::to_string(kind.fields.size()) + " values are needed, not " + std::to_string(values.size()));
    for (std::size_t i = 0; i < values.size(); ++i)
        encoded_.append(i == 0 ? "" : ",").append(encoded_field(kind_, kind.fields[i], values[i]));
    if (encoded_.size() > key_max)
        refuse(kind_, "longer than " + std::to_string(key_max) + " bytes once it is encoded");
}

}  // namespace turnstile::inline v0

// What a resource is called: a contract between services, so a typed thing.
//
//     using order = resource_kind<"order", "id:u64">;
//     using seat  = resource_kind<"seat", "flight:text", "row:u64", "letter:text">;
//
//     resource_key one = order::key(42);                    // order/42
//     resource_key two = seat::key("LH 400", 12, "C");      // seat/LH%20400,12,C
//
// The commonest bug of a distributed lock is its name: two services lock the same cart under two names. A kind is written
// once, in a header that both include; its fields have types and are encoded; and recipes register it in ZooKeeper, so that
// a service which names the same kind with other fields, or another policy, does not start (errc::kind_mismatch).
//
// Fields: u64, i64, text. Values come from outside, so they are checked before anything is sent (errc::bad_argument, naming
// the field): text is neither empty nor "." nor "..", has no control characters, and a whole key has at most key_max bytes
// once it is percent-encoded.
#pragma once

#include <turnstile/error.hpp>
#include <turnstile/recipes/export.hpp>

#include <algorithm>
#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace turnstile::inline v0 {

inline constexpr std::size_t key_max = 200;
inline constexpr std::size_t kind_name_max = 40;

/// A kind as it is registered.
struct kind_definition {
    std::string name;
    std::vector<std::string> fields;  ///< "id:u64"

    kind_definition() = default;
    /// Throws errc::bad_argument: a name is a letter and then letters, digits, '_' or '-', all small; a field is a name and
    /// a type; from 1 to 8 fields.
    TURNSTILE_RECIPES_EXPORT kind_definition(std::string name_, std::vector<std::string> fields_);

    friend bool operator==(const kind_definition&, const kind_definition&) = default;
};

/// One resource of a kind.
class TURNSTILE_RECIPES_EXPORT resource_key {
public:
    /// Values as text, one for each field. Throws errc::bad_argument.
    resource_key(const kind_definition& kind, const std::vector<std::string>& values);

    const std::string& kind() const noexcept { return kind_; }
    /// The values, encoded: one component of a path.
    const std::string& encoded() const noexcept { return encoded_; }
    /// "order/42"
    std::string text() const { return kind_ + "/" + encoded_; }

    friend auto operator<=>(const resource_key&, const resource_key&) = default;

private:
    std::string kind_;
    std::string encoded_;
};

namespace detail {

/// A string literal as a template argument.
template <std::size_t N>
struct literal {
    char text[N]{};

    consteval literal(const char (&from)[N]) { std::copy_n(from, N, text); }  // NOLINT(*-explicit-*)
    constexpr std::string_view view() const noexcept { return {text, N - 1}; }
};

constexpr bool is_kind_name(std::string_view name) noexcept
{
    constexpr auto small = [](char c) { return c >= 'a' && c <= 'z'; };
    return !name.empty() && name.size() <= kind_name_max && small(name.front()) &&
           std::all_of(name.begin(), name.end(),
                       [&](char c) { return small(c) || (c >= '0' && c <= '9') || c == '_' || c == '-'; });
}

enum class field_type : unsigned char { none, u64, i64, text };

constexpr field_type type_of_field(std::string_view field) noexcept
{
    // std::find and not string_view::find: that one asks whether a pointer is null, which g++ 12 does not take for a
    // constant under -fsanitize=undefined when the text is a template argument.
    const auto* const colon = std::find(field.begin(), field.end(), ':');
    if (colon == field.end() || !is_kind_name({field.begin(), colon}))
        return field_type::none;
    const std::string_view type{colon + 1, field.end()};
    if (type == "u64")
        return field_type::u64;
    if (type == "i64")
        return field_type::i64;
    return type == "text" ? field_type::text : field_type::none;
}

template <field_type Type, class Value>
std::string field_text(const Value& value)
{
    if constexpr (Type == field_type::text) {
        static_assert(std::is_convertible_v<const Value&, std::string_view>, "this field is text");
        return std::string{std::string_view{value}};
    } else {
        static_assert(std::integral<Value> && !std::same_as<Value, bool>, "this field is a number");
        return std::to_string(value);
    }
}

}  // namespace detail

template <detail::literal Name, detail::literal... Fields>
struct resource_kind {
    static_assert(detail::is_kind_name(Name.view()), "a kind's name: a letter, then letters, digits, '_' or '-', all small");
    static_assert(sizeof...(Fields) > 0 && sizeof...(Fields) <= 8, "a kind has from 1 to 8 fields");
    static_assert(((detail::type_of_field(Fields.view()) != detail::field_type::none) && ...),
                  "a field: name:u64, name:i64 or name:text");

    static const kind_definition& definition()
    {
        static const kind_definition d{std::string{Name.view()}, {std::string{Fields.view()}...}};
        return d;
    }

    /// A value for each field. Throws errc::bad_argument.
    template <class... Values>
    static resource_key key(const Values&... values)
    {
        static_assert(sizeof...(Values) == sizeof...(Fields), "a value for each field");
        return {definition(), {detail::field_text<detail::type_of_field(Fields.view())>(values)...}};
    }
};

/// Of several kinds. A function, because g++ 12 mishandles a braced list inside a co_await expression.
template <class... Kinds>
std::vector<kind_definition> definitions_of()
{
    return {Kinds::definition()...};
}

}  // namespace turnstile::inline v0

#include "sql_writer.hpp"

#include <turnstile/error.hpp>

#include <algorithm>
#include <utility>

namespace turnstile::inline v0::detail {

namespace {

// By hand: isalpha depends on the locale.
bool is_letter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

bool is_name(std::string_view name) noexcept
{
    return !name.empty() && name.size() <= sql_name_max && !is_digit(name.front()) &&
           std::ranges::all_of(name, [](char c) { return is_letter(c) || is_digit(c); });
}

[[noreturn]] void refuse(std::string_view verb, std::string_view field, std::string_view rule)
{
    std::string detail{field};
    detail.append(": ").append(rule);
    throw error{errc::bad_argument, verb, {}, detail};
}

const std::string& rule_of_names()
{
    static const std::string rule =
        "letters, digits and underscores, no digit first, up to " + std::to_string(sql_name_max) + " bytes";
    return rule;
}

}  // namespace

void check_sql_name(std::string_view verb, std::string_view field, std::string_view name)
{
    if (!is_name(name))
        refuse(verb, field, rule_of_names());
}

void check_sql_table(std::string_view verb, std::string_view field, std::string_view name)
{
    const auto dot = name.find('.');
    const bool with_schema = dot != std::string_view::npos;
    if (with_schema ? !is_name(name.substr(0, dot)) || !is_name(name.substr(dot + 1)) : !is_name(name))
        refuse(verb, field, rule_of_names() + "; one dot after a schema");
}

sql_writer& sql_writer::say(std::string_view words)
{
    text_ += words;
    return *this;
}

sql_writer& sql_writer::name(std::string_view checked)
{
    const char quote = dialect_ == sql_dialect::mysql ? '`' : '"';
    text_ += quote;
    for (const char c : checked) {
        if (c == '.')
            text_.append({quote, '.', quote});
        else
            text_ += c;
    }
    text_ += quote;
    return *this;
}

sql_writer& sql_writer::names(const std::vector<std::string>& checked)
{
    for (const auto& n : checked) {
        if (&n != &checked.front())
            say(", ");
        name(n);
    }
    return *this;
}

sql_writer& sql_writer::equal(std::string_view of, sql_parameter value_of)
{
    return name(of).say(" = ").value(std::move(value_of));
}

sql_writer& sql_writer::value(sql_parameter p)
{
    if (dialect_ == sql_dialect::mysql) {
        parameters_.push_back(std::move(p));
        return say("?");
    }
    // A number can be used again, and the parameter is bound once.
    auto known = std::ranges::find(parameters_, p);
    if (known == parameters_.end())
        known = parameters_.insert(known, std::move(p));
    text_ += dialect_ == sql_dialect::postgresql ? '$' : '?';
    text_ += std::to_string(known - parameters_.begin() + 1);
    return *this;
}

sql_statement sql_writer::done(sql_rows rows) &&
{
    sql_statement s;
    s.text = std::move(text_);
    s.parameters = std::move(parameters_);
    s.rows = rows;
    return s;
}

}  // namespace turnstile::inline v0::detail

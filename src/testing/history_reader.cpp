// Histories come from processes that were killed and disks that were full: every line is doubted.
#include <turnstile/testing/history.hpp>

#include "history_fields.hpp"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <istream>
#include <limits>
#include <utility>

namespace turnstile::inline v0::testing {

using json = nlohmann::json;

namespace {

constexpr std::size_t line_max = std::size_t{64} * 1024;

std::string placed(std::size_t line, const std::string& what)
{
    return line == 0 ? what : "line " + std::to_string(line) + ": " + what;
}

/// One line's object, and where it stands.
class line_reader {
public:
    line_reader(std::string_view text, std::size_t line) : line_{line}
    {
        if (text.size() > line_max)
            fail(history_errc::too_long, "longer than " + std::to_string(line_max) + " bytes");
        object_ = json::parse(text, nullptr, false);
        if (object_.is_discarded())
            fail(history_errc::not_json, "not JSON, or cut off");
        if (!object_.is_object())
            fail(history_errc::not_an_object, "not a JSON object");
    }

    template <class Value>
    void require(const char* name, Value& v) const
    {
        if (!object_.contains(name))
            fail(history_errc::missing_field, std::string{"no \""} + name + "\"");
        read(name, object_[name], v);
    }

    template <class Value>
    void take(const char* name, Value& v) const
    {
        if (const auto found = object_.find(name); found != object_.end())
            read(name, *found, v);
    }

    [[noreturn]] void fail(history_errc code, const std::string& what) const { throw history_error{code, line_, what}; }

private:
    void read(const char* name, const json& j, std::int64_t& v) const
    {
        if (!j.is_number_integer())
            wrong_type(name, "an integer");
        if (j.is_number_unsigned() && j.get<std::uint64_t>() > std::uint64_t{std::numeric_limits<std::int64_t>::max()})
            fail(history_errc::bad_value, std::string{"\""} + name + "\" has more than 63 bits");
        v = j.get<std::int64_t>();
    }
    void read(const char* name, const json& j, std::chrono::nanoseconds& v) const
    {
        std::int64_t n = 0;
        read(name, j, n);
        if (n < 0)
            fail(history_errc::bad_value, std::string{"\""} + name + "\" is negative");
        v = std::chrono::nanoseconds{n};
    }
    void read(const char* name, const json& j, std::string& v) const
    {
        if (!j.is_string())
            wrong_type(name, "text");
        v = j.get<std::string>();
    }
    void read(const char* name, const json& j, bool& v) const
    {
        if (!j.is_boolean())
            wrong_type(name, "true or false");
        v = j.get<bool>();
    }
    void read(const char* name, const json& j, history_event_type& v) const { named(name, j, v, history_type_named); }
    void read(const char* name, const json& j, holding_kind& v) const { named(name, j, v, holding_kind_named); }

    template <class Value, class Lookup>
    void named(const char* name, const json& j, Value& v, Lookup lookup) const
    {
        std::string word;
        read(name, j, word);
        const auto known = lookup(word);
        if (!known)
            fail(history_errc::bad_value, std::string{"unknown "} + name + " \"" + word + "\"");
        v = *known;
    }
    [[noreturn]] void wrong_type(const char* name, const char* wanted) const
    {
        fail(history_errc::wrong_type, std::string{"\""} + name + "\" is not " + wanted);
    }

    json object_;
    std::size_t line_;
};

/// What an event of its type cannot do without.
void check_sense(const line_reader& from, const history_event& e)
{
    using enum history_event_type;
    const auto needs = [&](bool there, const char* name) {
        if (!there)
            from.fail(history_errc::missing_field,
                      std::string{"\""} + std::string{name_of(e.type)} + "\" without \"" + name + "\"");
    };
    const bool of_a_call = e.type <= effect;
    needs(!of_a_call || !e.op.empty(), "op");
    needs(!of_a_call || !e.key.empty(), "key");
    needs((e.type != granted && e.type != effect) || e.token != 0, "token");
    needs(e.type != fault || !e.fault.empty(), "fault");
    needs((e.type != fault && e.type != healed) || !e.op.empty(), "op");
    needs(e.type != killed || !e.victim.empty(), "victim");
    needs(e.type != session_over || e.session != 0, "session");
    needs(e.type != probe || !e.key.empty(), "key");
    if (e.weight < 1 || e.maximum < 0)
        from.fail(history_errc::bad_value, R"("weight" or "maximum" is out of range)");
}

}  // namespace

history_error::history_error(history_errc code, std::size_t line, const std::string& what)
    : std::runtime_error{placed(line, what)}, code_{code}, line_{line}
{
}

history_event parse_event(std::string_view text, std::size_t line)
{
    const line_reader from{text, line};
    history_event e;
    from.require("t", e.monotonic);
    from.require("boot", e.boot);
    from.require("type", e.type);
    for_each_optional_field([&](const char* name, auto member) { from.take(name, e.*member); });
    check_sense(from, e);
    return e;
}

std::vector<history_event> read_history(std::istream& in)
{
    std::vector<history_event> events;
    std::size_t number = 0;
    for (std::string line; std::getline(in, line);)
        if (++number; line.find_first_not_of(" \t\r") != line.npos)
            events.push_back(parse_event(line, number));
    if (in.bad())
        throw history_error{history_errc::unreadable, number, "cannot be read on"};
    std::ranges::stable_sort(events, {}, &history_event::monotonic);
    return events;
}

std::vector<history_event> read_history(const std::filesystem::path& file)
{
    std::ifstream in{file};
    if (!in || std::filesystem::is_directory(file))
        throw history_error{history_errc::unreadable, 0, "cannot read " + file.string()};
    return read_history(in);
}

}  // namespace turnstile::inline v0::testing

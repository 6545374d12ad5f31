// What an event is called, and how it is written.
#include <turnstile/testing/history.hpp>

#include "history_fields.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace turnstile::inline v0::testing {

using json = nlohmann::json;

namespace {

using type = history_event_type;

constexpr std::array type_names{
    std::pair{type::invoke, "invoke"},
    std::pair{type::enqueued, "enqueued"},
    std::pair{type::granted, "granted"},
    std::pair{type::refused, "refused"},
    std::pair{type::timed_out, "timed_out"},
    std::pair{type::failed, "failed"},
    std::pair{type::lost, "lost"},
    std::pair{type::released, "released"},
    std::pair{type::effect, "effect"},
    std::pair{type::fault, "fault"},
    std::pair{type::healed, "healed"},
    std::pair{type::killed, "killed"},
    std::pair{type::session_over, "session_over"},
    std::pair{type::leader_changed, "leader_changed"},
    std::pair{type::quiet, "quiet"},
    std::pair{type::probe, "probe"},
    std::pair{type::census, "census"},
};

constexpr std::array kind_names{
    std::pair{holding_kind::mutex, "mutex"},   std::pair{holding_kind::reader, "reader"},
    std::pair{holding_kind::writer, "writer"}, std::pair{holding_kind::permits, "permits"},
    std::pair{holding_kind::leader, "leader"}, std::pair{holding_kind::cohort, "cohort"},
};

template <class Names, class Value>
std::string_view name_in(const Names& names, Value v)
{
    return std::ranges::find(names, v, [](const auto& n) { return n.first; })->second;
}

template <class Names>
auto value_in(const Names& names, std::string_view name) -> std::optional<decltype(names[0].first)>
{
    const auto found = std::ranges::find(names, name, [](const auto& n) { return std::string_view{n.second}; });
    if (found == names.end())
        return std::nullopt;
    return found->first;
}

/// Writes what is not as a new event has it.
class line_writer {
public:
    template <class Value>
    void operator()(const char* name, const Value& v, const Value& usual)
    {
        if (v != usual)
            write(name, v);
    }
    std::string text() const { return fields_.dump(-1, ' ', false, json::error_handler_t::replace); }

    void write(const char* name, std::chrono::nanoseconds v) { fields_[name] = v.count(); }
    void write(const char* name, holding_kind v) { fields_[name] = name_of(v); }
    void write(const char* name, history_event_type v) { fields_[name] = name_of(v); }
    template <class Value>
    void write(const char* name, const Value& v)
    {
        fields_[name] = v;
    }

private:
    nlohmann::ordered_json fields_;
};

}  // namespace

std::string_view name_of(history_event_type t) noexcept { return name_in(type_names, t); }
std::string_view name_of(holding_kind k) noexcept { return name_in(kind_names, k); }
std::optional<history_event_type> history_type_named(std::string_view name) { return value_in(type_names, name); }
std::optional<holding_kind> holding_kind_named(std::string_view name) { return value_in(kind_names, name); }

std::string to_line(const history_event& e)
{
    static const history_event usual;
    line_writer line;
    line.write("t", e.monotonic);
    line.write("boot", e.boot);
    line.write("type", e.type);
    for_each_optional_field([&](const char* name, auto member) { line(name, e.*member, usual.*member); });
    return line.text();
}

}  // namespace turnstile::inline v0::testing

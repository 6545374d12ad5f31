// The fields of an event by name: what is written and what is read cannot differ.
#pragma once

#include <turnstile/testing/history.hpp>

#include <nlohmann/json.hpp>

#include <optional>
#include <string_view>

namespace turnstile::inline v0::testing {

/// All but the stamps and the type, which every event has.
template <class Visit>
void for_each_optional_field(Visit visit)
{
    using e = history_event;
    visit("process", &e::process);
    visit("victim", &e::victim);
    visit("session", &e::session);
    visit("op", &e::op);
    visit("key", &e::key);
    visit("kind", &e::kind);
    visit("token", &e::token);
    visit("held_until", &e::held_until);
    visit("checked", &e::checked);
    visit("weight", &e::weight);
    visit("maximum", &e::maximum);
    visit("waits", &e::waits);
    visit("accepted", &e::accepted);
    visit("zombie", &e::zombie);
    visit("fault", &e::fault);
    visit("detail", &e::detail);
    visit("nodes", &e::nodes);
    visit("watches", &e::watches);
    visit("waited", &e::waited);
}

std::optional<history_event_type> history_type_named(std::string_view name);
std::optional<holding_kind> holding_kind_named(std::string_view name);

}  // namespace turnstile::inline v0::testing

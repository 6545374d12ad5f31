#include "observer.hpp"

#include <turnstile/result.hpp>

#include <chrono>
#include <string_view>

namespace turnstile::interop {

using namespace std::chrono_literals;

namespace {

/// Contenders of all languages say in their node which call it belongs to.
std::string call_of(std::string_view record)
{
    constexpr std::string_view mark = "\nfor ";
    const auto at = record.find(mark);
    if (at == std::string_view::npos)
        return {};
    const auto rest = record.substr(at + mark.size());
    return std::string{rest.substr(0, rest.find('\n'))};
}

}  // namespace

void observer::look(const std::stop_token& stop)
{
    while (!stop.stop_requested()) {
        for (const auto& place : arena_.places())
            if (seen_.insert(place).second)
                look_at(place);
        std::this_thread::sleep_for(100ms);
    }
}

void observer::look_at(const std::string& place)
{
    const auto& s = arena_.outsider();
    const auto node = s.wait(as_result(s->get(arena_.ground().path + "/" + place)));
    if (!node)
        return;  // it has left meanwhile
    testing::history_event e{testing::history_event_type::enqueued, call_of(node->data), arena_.ground().key};
    e.session = node->stat.ephemeral_owner;
    if (!e.op.empty())
        arena_.log().append(e);
}

}  // namespace turnstile::interop

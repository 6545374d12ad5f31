// Histories: a line is an event or an error with the line's number, what was written is read, and a file is in order.
#include "property.hpp"

#include <turnstile/testing/history.hpp>

#include <algorithm>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

namespace turnstile::fuzz {

namespace {

using testing::history_event;

std::optional<history_event> event_in(std::string_view line)
{
    try {
        return testing::parse_event(line, 7);
    } catch (const testing::history_error& e) {
        require(e.line() == 7, "an error knows its line");
        return std::nullopt;
    }
}

void check_line(std::string_view line)
{
    const auto e = event_in(line);
    if (!e)
        return;
    require(e->monotonic.count() >= 0 && e->boot.count() >= 0 && e->weight >= 1, "what makes no sense is no event");
    const auto again = testing::to_line(*e);
    require(again.find('\n') == std::string::npos, "an event is one line");
    require(event_in(again) == *e, "what was written is read");
}

std::optional<std::vector<history_event>> events_in(const std::string& text)
{
    std::istringstream in{text};
    try {
        return testing::read_history(in);
    } catch (const testing::history_error&) {
        return std::nullopt;
    }
}

void check_file(const std::string& text)
{
    const auto events = events_in(text);
    if (!events)
        return;
    require(std::ranges::is_sorted(*events, {}, &history_event::monotonic), "events are read in their order");
    std::string again;
    for (const auto& e : *events)
        again += testing::to_line(e) + "\n";
    require(events_in(again) == events, "a history that was written is read");
}

}  // namespace

}  // namespace turnstile::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto text = turnstile::fuzz::text_of(data, size);
    turnstile::fuzz::check_line(text);
    turnstile::fuzz::check_file(std::string{text});
    return 0;
}

// What happened when, told by every process into one file of JSON lines; the pictures are drawn from it.
//
// Stamps are CLOCK_MONOTONIC, which is one clock for all processes of a machine. A line is one write() to a file opened with
// O_APPEND: lines of several processes never mix, and the last line of a killed process is there.
#pragma once

#include "order.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace orderdesk {

std::int64_t now_us();

/// What an event's "event" says.
namespace event {
inline constexpr auto queued = "queued";      ///< stands in line
inline constexpr auto granted = "granted";    ///< holds; with the token (0 without a guard: it has read the row)
inline constexpr auto released = "released";  ///< gives up its turn
inline constexpr auto asking = "asking";      ///< asks the payment provider
inline constexpr auto charged = "charged";    ///< has its answer
inline constexpr auto wrote = "wrote";        ///< changed the row
inline constexpr auto lost = "lost";          ///< lease::check() said so
inline constexpr auto fenced = "fenced";      ///< the row refused the write
inline constexpr auto pinned = "pinned";      ///< a transaction was open, and kept a connection, "since" then
inline constexpr auto told = "told";          ///< a turn before this one declared something and did not come to its end
inline constexpr auto settled = "settled";    ///< has found out what came of that, and put it right
inline constexpr auto refused = "refused";    ///< was not let in
inline constexpr auto session = "session";    ///< the session timeout that was granted
inline constexpr auto fault = "fault";        ///< something was done to the servers, "since" then
inline constexpr auto killed = "killed";
inline constexpr auto frozen = "frozen";
inline constexpr auto woken = "woken";
}  // namespace event

class event_log {
public:
    event_log(const std::filesystem::path& file, std::string process);
    event_log(const event_log&) = delete;
    event_log& operator=(const event_log&) = delete;
    ~event_log();

    /// From any thread. `more` adds members to the line.
    void tell(const char* what, order_id id, const std::string& request, nlohmann::json more = nlohmann::json::object());
    /// About another process than this one.
    void tell_of(const std::string& process, const char* what, order_id id = 0, const std::string& request = {},
                 nlohmann::json more = nlohmann::json::object());

    const std::string& process() const noexcept { return process_; }

private:
    std::string process_;
    int file_;
};

/// Everything told so far, by time. A last line that is still being written is left out.
std::vector<nlohmann::json> read_events(const std::filesystem::path& file);

}  // namespace orderdesk

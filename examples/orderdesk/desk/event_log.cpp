#include "event_log.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <fstream>
#include <system_error>
#include <utility>

namespace orderdesk {

std::int64_t now_us()
{
    // libstdc++'s steady clock is CLOCK_MONOTONIC.
    return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

event_log::event_log(const std::filesystem::path& file, std::string process)
    : process_{std::move(process)}, file_{::open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644)}
{
    if (file_ < 0)
        throw std::system_error{errno, std::generic_category(), "cannot open " + file.string()};
}

event_log::~event_log() { ::close(file_); }

void event_log::tell(const char* what, order_id id, const std::string& request, nlohmann::json more)
{
    tell_of(process_, what, id, request, std::move(more));
}

void event_log::tell_of(const std::string& process, const char* what, order_id id, const std::string& request,
                        nlohmann::json more)
{
    more["t"] = now_us();
    more["process"] = process;
    more["event"] = what;
    if (id != 0)
        more["order"] = id;
    if (!request.empty())
        more["request"] = request;
    const std::string line = more.dump() + "\n";
    if (::write(file_, line.data(), line.size()) != static_cast<ssize_t>(line.size()))
        throw std::system_error{errno, std::generic_category(), "event log"};
}

std::vector<nlohmann::json> read_events(const std::filesystem::path& file)
{
    std::vector<nlohmann::json> events;
    std::ifstream in{file};
    for (std::string line; std::getline(in, line);)
        if (auto parsed = nlohmann::json::parse(line, nullptr, false); !parsed.is_discarded())
            events.push_back(std::move(parsed));
    std::ranges::stable_sort(events, {}, [](const nlohmann::json& e) { return e.at("t").get<std::int64_t>(); });
    return events;
}

}  // namespace orderdesk

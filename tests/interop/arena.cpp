#include "arena.hpp"

#include <turnstile/result.hpp>

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>
#include <utility>

namespace turnstile::interop {

using namespace std::chrono_literals;
using testing::history_event_type;

namespace {

testing::server_options long_sessions()
{
    testing::server_options o;
    // Sessions of up to four seconds: a JVM on a busy machine may well be silent for one.
    o.tick = 200ms;
    o.java_options = {"-Xmx128m"};
    return o;
}

std::string sequence_of(const std::string& name) { return name.size() > 10 ? name.substr(name.size() - 10) : name; }

}  // namespace

common_ground arena::ground_in(std::filesystem::path directory)
{
    std::filesystem::remove_all(directory);
    std::filesystem::create_directories(directory);
    common_ground g;
    g.directory = std::filesystem::absolute(directory);
    g.history = g.directory / "history.jsonl";
    g.stop = g.directory / "stop";
    // Not in the directory: a socket's name has at most 107 bytes.
    g.resource = std::filesystem::temp_directory_path() / ("turnstile-interop-" + std::to_string(::getpid()));
    return g;
}

arena::arena(std::filesystem::path directory)
    : ground_{ground_in(std::move(directory))},
      servers_{long_sessions()},
      log_{ground_.history, "arena"},
      resource_{ground_.resource, log_},
      outsider_{session_options{servers_.connect_string()}}
{
    ground_.servers = servers_.connect_string();
}

void arena::make(const std::filesystem::path& file) const { std::ofstream{file}.flush(); }

/// Others write while we read: the last line may not be whole yet.
std::vector<testing::history_event> arena::history() const
{
    std::ifstream file{ground_.history};
    std::string text{std::istreambuf_iterator<char>{file}, {}};
    text.resize(text.rfind('\n') + 1);
    std::istringstream whole_lines{std::move(text)};
    return testing::read_history(whole_lines);
}

bool arena::granted(const std::string& process, int nth) const
{
    const auto told = history();
    return std::ranges::count_if(
               told, [&](const auto& e) { return e.type == history_event_type::granted && e.process == process; }) >= nth;
}

std::vector<std::string> arena::places() const
{
    auto names = outsider_.wait(as_result(outsider_->children(ground_.path)));
    if (!names)
        return {};
    std::ranges::sort(*names, {}, sequence_of);
    return *names;
}

void arena::bury(contender& victim)
{
    victim.kill();
    testing::history_event e{history_event_type::killed};
    e.victim = victim.name();
    log_.append(e);
}

}  // namespace turnstile::interop

#include "contender.hpp"

#include <turnstile/lease.hpp>

#include <algorithm>
#include <stdexcept>

namespace turnstile::interop {

using namespace std::chrono_literals;

namespace {

/// The build knows where they are: see CMakeLists.txt.
std::vector<std::string> program_of(language l)
{
    switch (l) {
        case language::cpp:
            return {INTEROP_CPP};
        case language::curator:
            // The client compiler and the serial collector: what starts fast, on few cores.
            return {INTEROP_JAVA, "-Xmx96m",          "-XX:+UseSerialGC",           "-XX:TieredStopAtLevel=1",
                    "-cp",        INTEROP_CLASS_PATH, "turnstile.interop.Contender"};
        case language::kazoo:
            return {INTEROP_PYTHON, "-B", INTEROP_KAZOO};  // no __pycache__ among the sources
    }
    throw std::logic_error{"no such language"};
}

std::chrono::nanoseconds boot_offset()
{
    return boot_clock::now().time_since_epoch() - std::chrono::steady_clock::now().time_since_epoch();
}

std::vector<std::string> command_of(const contender_options& how, const common_ground& where)
{
    auto words = program_of(how.speaks);
    const auto tell = [&](const char* option, const std::string& value) {
        words.emplace_back(option);
        words.push_back(value);
    };
    tell("--name", how.name);
    tell("--servers", where.servers);
    tell("--session-timeout", std::to_string(where.session_timeout.count()));
    tell("--path", where.path);
    tell("--key", where.key);
    tell("--history", where.history.string());
    tell("--resource", where.resource.string());
    tell("--boot-offset", std::to_string(boot_offset().count()));
    tell("--as", how.as);
    tell("--names", how.names);
    tell("--callers", std::to_string(how.callers));
    tell("--stop", where.stop.string());
    tell("--stay", how.stay.string());
    tell("--go-on", how.go_on.string());
    return words;
}

}  // namespace

std::string_view name_of(language l) noexcept
{
    static constexpr std::array<std::string_view, languages.size()> names{"cpp", "curator", "kazoo"};
    return names.at(static_cast<std::size_t>(l));
}

language language_of(std::string_view process)
{
    const auto found = std::ranges::find_if(languages, [&](language l) { return process.starts_with(name_of(l)); });
    if (found == languages.end())
        throw std::invalid_argument{"a process of no language: " + std::string{process}};
    return *found;
}

contender::contender(contender_options how, const common_ground& where)
    : how_{std::move(how)}, process_{command_of(how_, where), where.directory / (how_.name + ".log")}
{
}

void contender::kill()
{
    process_.signal(SIGKILL);
    if (!process_.ended_within(10s))
        throw std::runtime_error{how_.name + " was killed and does not end"};
}

}  // namespace turnstile::interop

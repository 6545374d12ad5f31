#include "apart.hpp"

#include <spdlog/fmt/fmt.h>

#include <array>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <string_view>
#include <system_error>

#include <sys/wait.h>
#include <unistd.h>

namespace turnstile::simulation {

namespace {

/// A run takes milliseconds; one that takes so long does not end.
constexpr unsigned seconds_max = 30;

// What a child tells, a line each: "v <violation>", "s <steps>", "c <times> <what>", "t <line of the trace>".

std::string told(const verdict& v)
{
    std::string text = fmt::format("v {}\ns {}\n", v.violation, v.steps);
    for (const auto& [what, times] : v.counts.all())
        text += fmt::format("c {} {}\n", times, what);
    for (const auto& line : v.trace)
        text += fmt::format("t {}\n", line);
    return text;
}

std::uint64_t take_number(std::string_view& text)
{
    std::uint64_t n = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), n);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return n;
}

void hear(verdict& v, std::string_view line)
{
    if (line.size() < 2)
        return;
    const auto kind = line.front();
    line.remove_prefix(2);
    switch (kind) {
        case 'v':
            v.violation = line;
            break;
        case 's':
            v.steps = take_number(line);
            break;
        case 'c': {
            const auto times = take_number(line);
            v.counts.count(line.substr(1), times);
            break;
        }
        case 't':
            v.trace.emplace_back(line);
            break;
        default:
            break;
    }
}

void write_all(int to, std::string_view text)
{
    while (!text.empty()) {
        const auto n = ::write(to, text.data(), text.size());
        if (n <= 0)
            return;
        text.remove_prefix(static_cast<std::size_t>(n));
    }
}

std::string read_all(int from)
{
    std::string text;
    std::array<char, 65'536> some{};
    for (ssize_t n = 0; (n = ::read(from, some.data(), some.size())) > 0;)
        text.append(some.data(), static_cast<std::size_t>(n));
    return text;
}

[[noreturn]] void be_the_child(int to, std::uint64_t seed, bool trace)
{
    ::alarm(seconds_max);
    verdict v;
    try {
        v = run_seed(seed, trace);
    } catch (const std::exception& e) {
        v.violation = std::string{"an exception came out: "} + e.what();
    }
    write_all(to, told(v));
    std::exit(0);  // with the checks that a sanitizer makes at exit
}

std::string end_of(int status)
{
    if (WIFSIGNALED(status))
        return WTERMSIG(status) == SIGALRM ? std::string{"it does not end"}
                                           : fmt::format("died of signal {}", WTERMSIG(status));
    if (WEXITSTATUS(status) != 0)
        return fmt::format("exited with {}", WEXITSTATUS(status));
    return {};
}

}  // namespace

verdict run_apart(std::uint64_t seed, bool trace)
{
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) != 0)
        throw std::system_error{errno, std::generic_category(), "pipe"};
    std::fflush(stdout);  // or the child would print it as well
    const auto child = ::fork();
    if (child < 0)
        throw std::system_error{errno, std::generic_category(), "fork"};
    if (child == 0) {
        ::close(ends[0]);
        be_the_child(ends[1], seed, trace);
    }
    ::close(ends[1]);
    const auto text = read_all(ends[0]);
    ::close(ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);

    verdict v;
    for (std::size_t at = 0; at < text.size();) {
        const auto end = text.find('\n', at);
        hear(v, std::string_view{text}.substr(at, end - at));
        at = end == std::string::npos ? text.size() : end + 1;
    }
    if (v.violation.empty())
        v.violation = end_of(status);
    return v;
}

}  // namespace turnstile::simulation

#include "terminal.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <cstdlib>

namespace orderdesk {

namespace {

constexpr int bar_width = 30;

bool no_color()
{
    const char* set = std::getenv("NO_COLOR");
    return set != nullptr && *set != '\0';
}

std::string repeated(std::string_view what, int times)
{
    std::string out;
    for (int i = 0; i < times; ++i)
        out += what;
    return out;
}

}  // namespace

terminal::terminal() : live_{::isatty(STDOUT_FILENO) == 1}, colours_{live_ && !no_color()} {}

void terminal::say(std::string_view line)
{
    std::puts(std::string{line}.c_str());
    std::fflush(stdout);
}

void terminal::verdict(bool good, std::string_view line)
{
    say("   " + (good ? green("ok  ") : red("FAIL")) + "  " + std::string{line});
}

void terminal::progress(std::string_view what, int done, int all, std::chrono::milliseconds since)
{
    const int quarter = all == 0 ? 4 : 4 * done / all;
    if (!live_ && quarter == quarters_told_)
        return;
    quarters_told_ = quarter;
    const std::string count =
        std::to_string(done) + "/" + std::to_string(all) + " " + std::string{what} + "  " + seconds(since);
    if (!live_)
        return say("   " + count);
    const int full = all == 0 ? bar_width : bar_width * done / all;
    const std::string bar = repeated("\u2501", full) + dim(repeated("\u2501", bar_width - full));
    std::printf("\r\033[K   %s  %s", bar.c_str(), count.c_str());
    std::fflush(stdout);
}

void terminal::progress_ends()
{
    quarters_told_ = -1;
    if (live_)
        say();
}

std::string terminal::painted(std::string_view code, std::string_view text) const
{
    return colours_ ? "\033[" + std::string{code} + "m" + std::string{text} + "\033[0m" : std::string{text};
}

int columns(std::string_view text)
{
    // Bytes that continue a character take no column of their own.
    return static_cast<int>(
        std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string padded_left(std::string_view text, int width)
{
    return std::string(static_cast<std::size_t>(std::max(0, width - columns(text))), ' ') + std::string{text};
}

std::string padded_right(std::string_view text, int width)
{
    return std::string{text} + std::string(static_cast<std::size_t>(std::max(0, width - columns(text))), ' ');
}

std::string seconds(std::chrono::microseconds t)
{
    std::array<char, 32> text{};
    const double ms = static_cast<double>(t.count()) / 1000;
    if (ms < 1000)
        std::snprintf(text.data(), text.size(), "%.*f ms", ms < 100 ? 1 : 0, ms);
    else
        std::snprintf(text.data(), text.size(), "%.1f s", ms / 1000);
    return text.data();
}

std::string milliseconds(std::chrono::microseconds t) { return thousands(t.count() / 1000) + " ms"; }

std::string thousands(long long n)
{
    std::string digits = std::to_string(n);
    for (auto at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3)
        digits.insert(static_cast<std::size_t>(at), ",");
    return digits;
}

}  // namespace orderdesk

// What the front program says, and how it looks: colours only where somebody sees them (a terminal, and no NO_COLOR).
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace orderdesk {

class terminal {
public:
    terminal();

    std::string bold(std::string_view text) const { return painted("1", text); }
    std::string dim(std::string_view text) const { return painted("2", text); }
    std::string red(std::string_view text) const { return painted("1;31", text); }
    std::string green(std::string_view text) const { return painted("1;32", text); }

    void say(std::string_view line = {});
    /// "  ok  …" or "FAIL  …"
    void verdict(bool good, std::string_view line);

    /// One line that is written over and over, on a terminal; a line per quarter elsewhere.
    void progress(std::string_view what, int done, int all, std::chrono::milliseconds since);
    /// The progress is over; its line stays.
    void progress_ends();

private:
    std::string painted(std::string_view code, std::string_view text) const;

    bool live_;
    bool colours_;
    int quarters_told_ = -1;
};

/// Width on the screen of UTF-8 text without wide characters.
int columns(std::string_view text);
std::string padded_left(std::string_view text, int width);
std::string padded_right(std::string_view text, int width);
std::string seconds(std::chrono::microseconds t);
/// "1,987 ms"
std::string milliseconds(std::chrono::microseconds t);
std::string thousands(long long n);

}  // namespace orderdesk

#include "comparison.hpp"

namespace orderdesk {

namespace {

constexpr int title_width = 50;
constexpr int cell_width = 11;

std::vector<std::string> as_text(const std::vector<std::int64_t>& numbers)
{
    std::vector<std::string> texts;
    for (const auto n : numbers)
        texts.push_back(thousands(n));
    return texts;
}

}  // namespace

void comparison::head() const { facts("", columns_); }

void comparison::rule() const
{
    std::string line;
    for (int i = 0; i < title_width + static_cast<int>(columns_.size()) * cell_width; ++i)
        line += "\u2500";
    out_.say("   " + out_.dim(line));
}

void comparison::counts(const std::string& title, const std::vector<std::string>& cells) const
{
    std::string row = "   " + padded_right(title, title_width);
    for (const auto& plain : cells) {
        const auto text = padded_left(plain, cell_width);
        row += plain == "-" ? out_.dim(text) : plain == "0" ? out_.green(text) : out_.red(text);
    }
    out_.say(row);
}

void comparison::counts(const std::string& title, const std::vector<std::int64_t>& cells) const
{
    counts(title, as_text(cells));
}

void comparison::facts(const std::string& title, const std::vector<std::string>& cells) const
{
    std::string row = "   " + padded_right(title, title_width);
    for (const auto& plain : cells)
        row += padded_left(plain, cell_width);
    out_.say(row);
}

void comparison::facts(const std::string& title, const std::vector<std::int64_t>& cells) const
{
    facts(title, as_text(cells));
}

}  // namespace orderdesk

// A table on the terminal: what is compared has a column each, what is counted a row.
#pragma once

#include "terminal.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace orderdesk {

class comparison {
public:
    comparison(terminal& out, std::vector<std::string> columns) : out_{out}, columns_{std::move(columns)} {}

    void head() const;
    void rule() const;
    /// Of things that should not be: 0 is green, more is red, "-" was not looked for.
    void counts(const std::string& title, const std::vector<std::string>& cells) const;
    void counts(const std::string& title, const std::vector<std::int64_t>& cells) const;
    void facts(const std::string& title, const std::vector<std::string>& cells) const;
    void facts(const std::string& title, const std::vector<std::int64_t>& cells) const;

private:
    terminal& out_;
    std::vector<std::string> columns_;
};

}  // namespace orderdesk

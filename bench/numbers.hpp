// How numbers are written.
#pragma once

#include <array>
#include <cstdio>
#include <string>

namespace bench {

inline std::string text(const char* format, double value)
{
    std::array<char, 64> buffer{};
    std::snprintf(buffer.data(), buffer.size(), format, value);
    return buffer.data();
}

}  // namespace bench

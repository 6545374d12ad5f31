#include "connection_report.hpp"

#include <algorithm>
#include <charconv>

namespace turnstile::inline v0::testing {

namespace {

/// "(queued=0,sid=0x1f,est=1700,...)": the number behind "sid=" or "est=".
std::optional<std::int64_t> field(std::string_view line, std::string_view name, int base)
{
    const auto at = line.find(name);
    if (at == line.npos)
        return std::nullopt;
    const auto digits = line.substr(at + name.size());
    std::uint64_t value = 0;
    if (std::from_chars(digits.data(), digits.data() + digits.size(), value, base).ec != std::errc{})
        return std::nullopt;
    return static_cast<std::int64_t>(value);
}

}  // namespace

std::optional<std::int64_t> connected_since(std::string_view report, std::int64_t session)
{
    std::optional<std::int64_t> latest;
    while (!report.empty()) {
        const auto line = report.substr(0, report.find('\n'));
        report.remove_prefix(std::min(line.size() + 1, report.size()));
        if (field(line, "sid=0x", 16) == session)
            latest = std::max(latest, field(line, "est=", 10));
    }
    return latest;
}

}  // namespace turnstile::inline v0::testing

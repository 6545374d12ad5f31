// How many bytes go over the wire, as the kernel counts them: nothing has to stand in between, so that time can be measured
// meanwhile.
#pragma once

#include <cstdint>
#include <set>
#include <string>

namespace bench {

/// What this machine's clients of some servers have said and heard since its construction, of connections that are still
/// open. Needs servers that are named with their ports.
class wire_meter {
public:
    explicit wire_meter(const std::string& servers);
    double bytes() const;

private:
    std::set<std::uint16_t> ports_;
    double before_;
};

}  // namespace bench

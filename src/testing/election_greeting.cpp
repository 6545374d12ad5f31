#include "election_greeting.hpp"

#include <boost/endian/conversion.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

namespace turnstile::inline v0::testing {

namespace {

constexpr std::int64_t version_one = -65536;
constexpr std::size_t length_at = 16;
constexpr std::size_t address_at = 20;

const unsigned char* raw(const std::string& bytes, std::size_t offset)
{
    return reinterpret_cast<const unsigned char*>(bytes.data() + offset);  // NOLINT(*-reinterpret-cast): bytes of a number
}

std::string as_bytes(std::uint32_t number)
{
    std::array<unsigned char, sizeof number> bytes{};
    boost::endian::store_big_u32(bytes.data(), number);
    return {bytes.begin(), bytes.end()};
}

}  // namespace

std::string election_greeting::feed(std::string_view bytes)
{
    if (over_)
        return std::string{bytes};
    unfinished_ += bytes;
    if (unfinished_.size() < address_at)
        return {};
    const auto end = address_at + boost::endian::load_big_u32(raw(unfinished_, length_at));
    if (boost::endian::load_big_s64(raw(unfinished_, 0)) == version_one) {
        if (unfinished_.size() < end)
            return {};
        unfinished_.replace(length_at, end - length_at,
                            as_bytes(static_cast<std::uint32_t>(announced_.size())) + announced_);
    }
    over_ = true;
    return std::exchange(unfinished_, {});
}

}  // namespace turnstile::inline v0::testing

#include "frames.hpp"

#include <boost/endian/conversion.hpp>

#include <utility>

namespace turnstile::inline v0::testing {

namespace {

constexpr std::size_t length_bytes = 4;
/// Far above every jute.maxbuffer, far below "ruok" read as a number.
constexpr std::uint32_t frame_bytes_max = 256U << 20U;

std::optional<std::int32_t> number_at(std::string_view bytes, std::size_t offset)
{
    if (bytes.size() < offset + sizeof(std::int32_t))
        return std::nullopt;
    // NOLINTNEXTLINE(*-reinterpret-cast): the bytes of a number
    return boost::endian::load_big_s32(reinterpret_cast<const unsigned char*>(bytes.data() + offset));
}

}  // namespace

std::vector<std::string> frame_splitter::feed(std::string_view bytes)
{
    unfinished_ += bytes;
    std::vector<std::string> frames;
    std::size_t done = 0;
    while (!raw_) {
        const auto rest = std::string_view{unfinished_}.substr(done);
        const auto length = number_at(rest, 0);
        if (!length)
            break;
        raw_ = static_cast<std::uint32_t>(*length) > frame_bytes_max;
        const auto size = length_bytes + static_cast<std::uint32_t>(*length);
        if (raw_ || rest.size() < size)
            break;
        frames.emplace_back(rest.substr(0, size));
        done += size;
    }
    unfinished_.erase(0, done);
    if (raw_ && !unfinished_.empty())
        frames.push_back(std::exchange(unfinished_, {}));
    return frames;
}

std::optional<request_header> request_of(std::string_view frame)
{
    const auto xid = number_at(frame, length_bytes);
    const auto opcode = number_at(frame, length_bytes + sizeof(std::int32_t));
    if (!xid || !opcode)
        return std::nullopt;
    return request_header{*xid, *opcode};
}

std::optional<std::int32_t> reply_xid_of(std::string_view frame) { return number_at(frame, length_bytes); }

}  // namespace turnstile::inline v0::testing

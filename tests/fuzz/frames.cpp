// The proxy's frames: the first byte says in which pieces the rest arrives. Nothing is lost, nothing is added, and the
// pieces do not matter.
#include "property.hpp"

#include "src/testing/frames.hpp"

#include <boost/endian/conversion.hpp>

#include <string>
#include <vector>

namespace turnstile::fuzz {

namespace {

using testing::frame_splitter;

constexpr std::size_t length_bytes = 4;

std::uint32_t number_at(std::string_view bytes, std::size_t at)
{
    return boost::endian::load_big_u32(reinterpret_cast<const unsigned char*>(bytes.data() + at));
}

struct heard {
    std::vector<std::string> frames;  // as long as they are frames
    std::string passed_on;            // all that came out
    bool raw = false;
};

heard in_pieces(std::string_view stream, std::size_t piece)
{
    frame_splitter splitter;
    heard h;
    for (std::size_t at = 0; at < stream.size(); at += piece) {
        const auto out = splitter.feed(stream.substr(at, piece));
        for (std::size_t i = 0; i < out.size(); ++i) {
            const bool unframed = splitter.raw() && (i + 1 == out.size());
            h.passed_on += out[i];
            if (!unframed && !h.raw)
                h.frames.push_back(out[i]);
        }
        h.raw = splitter.raw();
    }
    return h;
}

void check_frame(std::string_view frame)
{
    require(frame.size() >= length_bytes && frame.size() == length_bytes + number_at(frame, 0),
            "a frame is as long as it says");
    const auto request = testing::request_of(frame);
    require(request.has_value() == (frame.size() >= 12), "a request has xid and opcode");
    if (request)
        require(static_cast<std::uint32_t>(request->xid) == number_at(frame, 4) &&
                    static_cast<std::uint32_t>(request->opcode) == number_at(frame, 8),
                "xid and opcode stand behind the length");
    const auto xid = testing::reply_xid_of(frame);
    require(xid.has_value() == (frame.size() >= 8), "a reply has an xid");
    if (xid)
        require(static_cast<std::uint32_t>(*xid) == number_at(frame, 4), "the xid stands behind the length");
}

void check_stream(std::string_view stream, std::size_t piece)
{
    const auto whole = in_pieces(stream, stream.size() + 1);
    const auto cut = in_pieces(stream, piece);
    require(stream.starts_with(whole.passed_on), "what comes out is what went in");
    require(whole.frames == cut.frames && whole.raw == cut.raw && whole.passed_on == cut.passed_on,
            "the pieces do not matter");
    for (const auto& frame : whole.frames)
        check_frame(frame);
    const auto kept = stream.substr(whole.passed_on.size());
    require(!whole.raw || kept.empty(), "what is no frame is not kept back");
    require(kept.size() < length_bytes || kept.size() < length_bytes + number_at(kept, 0), "whole frames are not kept back");
}

}  // namespace

}  // namespace turnstile::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size == 0)
        return 0;
    turnstile::fuzz::check_stream(turnstile::fuzz::text_of(data + 1, size - 1), 1U + data[0] % 16U);
    return 0;
}

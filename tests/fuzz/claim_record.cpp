// What stands in nodes that outlive their writers (claims, declared intents, windows of numbers): whatever it is, reading it
// ends, nothing is admitted on nonsense, and what is written can be read.
#include "property.hpp"

#include "recipes/detail/claim_record.hpp"
#include "recipes/detail/intent_record.hpp"
#include "recipes/detail/window_record.hpp"

#include <string>

namespace turnstile::fuzz {

namespace {

using detail::claim_record;
using detail::window_record;

void check_claim(std::string_view text)
{
    const auto r = detail::parse_claim_record(text);
    const auto written = detail::to_text(r);  // on one line each, whatever was in them
    const auto again = detail::parse_claim_record(written);
    require(again.state == r.state && again.attempt == r.attempt && again.intent == r.intent && again.result == r.result,
            "a claim comes back");
    require(detail::to_text(again) == written, "and written again it is the same");
    if (!text.starts_with("turnstile 1\n"))
        require(r.state == claim_record::status::suspect && r.fingerprint.empty(),
                "nonsense is a suspect, and nobody's request");
}

void check_intent(std::string_view text)
{
    const auto r = detail::parse_intent_record(text);
    const auto written = detail::to_text(r);
    const auto again = detail::parse_intent_record(written);
    require(again.intent == r.intent && again.fence == r.fence, "an intent comes back");
    require(detail::to_text(again) == written, "and written again it is the same");
    if (!text.starts_with("turnstile 1\n"))
        require(r.intent == text, "nonsense is told to the next holder as it is");
}

void check_window(std::string_view text)
{
    window_record w{64, 3};
    w.read(text);
    window_record again{64, 3};
    again.read(w.to_text("1.2"));
    require(again == w, "a window comes back");
    const auto size = w.to_text("1.2").size();
    for (std::uint64_t n = 1; n < 300; n += 7) {
        const auto expected = w.look(2, n);
        require(w.accept(2, n) == expected, "what is looked at is what is taken");
        require(w.look(2, n) != replay::fresh, "a number is taken once");
    }
    require(w.to_text("1.2").size() < size + 200, "it does not grow");
}

}  // namespace

}  // namespace turnstile::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto text = turnstile::fuzz::text_of(data, size);
    for (const auto& t : {std::string{text}, "turnstile 1\n" + std::string{text}}) {
        turnstile::fuzz::check_claim(t);
        turnstile::fuzz::check_intent(t);
        turnstile::fuzz::check_window(t);
    }
    return 0;
}

#include "ticket.hpp"

#include <atomic>
#include <utility>

namespace turnstile::inline v0::detail {

namespace {

std::uint64_t next_counter() noexcept
{
    static std::atomic<std::uint64_t> last{0};
    return last.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

ticket::ticket(line_ptr line, epoch in)
    : line_{std::move(line)},
      in_{in},
      session_id_{line_->session.id()},
      marker_{place_marker(line_->kind, session_id_, next_counter())}
{
}

ticket::ticket(ticket&& other) noexcept = default;

ticket::~ticket()
{
    if (!line_ || !made_)
        return;
    if (own_.name.empty())
        line_->session.discard_marked(line_->directory, marker_, in_);
    else
        line_->session.discard(path(), in_);
}

error_code ticket::stands_as(std::string_view name, const stat& made)
{
    const auto own = parse_place(name);
    // Sweep by name also what cannot be parsed: it is ours.
    own_ = own.value_or(place{0, std::string{name}});
    token_ = line_->session.options().fence_base + made.czxid;
    marker_ = std::string{};
    if (!own || own->sequence >= sequence_limit)
        return errc::sequence_exhausted;
    // Nothing is ever granted on a node of another session than the one whose epoch we watch.
    if (made.ephemeral_owner != session_id_)
        return errc::session_expired;
    return {};
}

lease ticket::redeem(std::shared_ptr<void> keepsake)
{
    const auto line = std::move(line_);
    return line->session.grant(line->directory + "/" + own_.name, token_, in_, std::move(keepsake));
}

}  // namespace turnstile::inline v0::detail

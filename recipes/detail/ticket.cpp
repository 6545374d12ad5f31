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
      marker_{line_->key + place_marker(line_->wanted, session_id_, next_counter())}
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

std::string ticket::hand_over()
{
    auto node = path();
    line_->present->holds(node);
    line_.reset();
    return node;
}

lease redeem(ticket place, std::shared_ptr<void> keepsake)
{
    const auto s = place.line().session;
    const bool together = place.line().permanent();
    return s.grant(place.hand_over(), place.token(), place.in(), std::move(keepsake), together);
}

lease redeem(std::vector<ticket> places, std::shared_ptr<void> keepsake)
{
    const auto s = places.front().line().session;
    std::vector<std::string> nodes;
    nodes.reserve(places.size());
    for (auto& p : places)
        nodes.push_back(p.hand_over());
    return s.grant(std::move(nodes), places.front().token(), places.front().in(), std::move(keepsake));
}

}  // namespace turnstile::inline v0::detail

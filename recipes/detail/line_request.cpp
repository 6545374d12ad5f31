#include "line_request.hpp"

namespace turnstile::inline v0::detail {

std::string line_request::data() const
{
    auto r = record;
    r.owner = present->owner();
    r.holds = present->held_elsewhere();
    return to_text(r);
}

}  // namespace turnstile::inline v0::detail

#include <turnstile/connection_state.hpp>

namespace turnstile::inline v0 {

std::string_view to_string(connection_state s) noexcept
{
    switch (s) {
        case connection_state::connecting:
            return "connecting";
        case connection_state::connected:
            return "connected";
        case connection_state::suspended:
            return "suspended";
        case connection_state::lost:
            return "lost";
        case connection_state::auth_failed:
            return "auth_failed";
        case connection_state::closed:
            return "closed";
    }
    return "unknown";
}

}  // namespace turnstile::inline v0

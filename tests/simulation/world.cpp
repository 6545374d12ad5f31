#include "world.hpp"

#include <spdlog/fmt/fmt.h>

namespace turnstile::simulation {

void world::note(process_id p, const std::string& what)
{
    if (time.tracing())
        time.note(fmt::format("p{} {}", static_cast<std::size_t>(p), what));
}

void world::object(process_id p, const std::string& what)
{
    judge.object(fmt::format("p{}: {}", static_cast<std::size_t>(p), what));
}

void world::lost(process_id p, const lease& held)
{
    counts.count("losses while holding");
    if (calm)
        object(p, held.path() + " was lost without a reason");
}

}  // namespace turnstile::simulation

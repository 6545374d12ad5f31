#include "admission.hpp"

namespace turnstile::inline v0::detail {

std::size_t ephemeral_bytes_of(const op::create& o) noexcept
{
    return is_ephemeral(o.mode) ? o.path.size() + (is_sequential(o.mode) ? 10 : 0) : 0;
}

std::size_t ephemeral_bytes_of(const operation& o) noexcept
{
    if (const auto* c = std::get_if<op::create>(&o))
        return ephemeral_bytes_of(*c);
    std::size_t bytes = 0;
    if (const auto* m = std::get_if<op::multi>(&o))
        for (const auto& s : m->steps)
            if (const auto* c = std::get_if<op::create>(&s))
                bytes += ephemeral_bytes_of(*c);
    return bytes;
}

const std::string* watched_path(const operation& o) noexcept
{
    if (const auto* e = std::get_if<op::exists>(&o))
        return e->watch ? &e->path : nullptr;
    if (const auto* g = std::get_if<op::get>(&o))
        return g->watch ? &g->path : nullptr;
    if (const auto* c = std::get_if<op::children>(&o))
        return c->watch ? &c->path : nullptr;
    return nullptr;
}

}  // namespace turnstile::inline v0::detail

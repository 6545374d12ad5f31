#include <turnstile/node.hpp>

namespace turnstile::inline v0 {

acl::acl(std::vector<acl_entry> entries) : entries_{std::make_shared<const std::vector<acl_entry>>(std::move(entries))} {}

acl acl::creator_all()
{
    static const acl shared{std::vector<acl_entry>{acl_entry{permission::all, "auth", ""}}};
    return shared;
}

acl acl::world_anyone()
{
    static const acl shared{std::vector<acl_entry>{acl_entry{permission::all, "world", "anyone"}}};
    return shared;
}

const std::vector<acl_entry>& acl::entries() const noexcept
{
    static const std::vector<acl_entry> none;
    return entries_ ? *entries_ : none;
}

}  // namespace turnstile::inline v0

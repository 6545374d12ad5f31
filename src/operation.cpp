#include <turnstile/operation.hpp>

#include <type_traits>

namespace turnstile::inline v0 {

namespace {

struct path_visitor {
    template <class Op>
    std::string_view operator()(const Op& o) const noexcept
    {
        return o.path;
    }
    std::string_view operator()(const op::config&) const noexcept { return "/zookeeper/config"; }
    std::string_view operator()(const op::multi& o) const noexcept
    {
        return o.steps.empty() ? std::string_view{} : std::visit(*this, o.steps.front());
    }
};

}  // namespace

std::string_view path_of(const operation& o) noexcept { return std::visit(path_visitor{}, o); }

std::string_view verb_of(const operation& o) noexcept
{
    // In the order of the variant.
    static constexpr std::string_view verbs[] = {"create",  "erase",    "exists",         "get",
                                                 "set",     "children", "sync",           "get_acl",
                                                 "set_acl", "config",   "forget_watches", "commit"};
    static_assert(std::size(verbs) == std::variant_size_v<operation>);
    return verbs[o.index()];
}

bool is_read(const operation& o) noexcept
{
    return std::holds_alternative<op::exists>(o) || std::holds_alternative<op::get>(o) ||
           std::holds_alternative<op::children>(o) || std::holds_alternative<op::sync>(o) ||
           std::holds_alternative<op::get_acl>(o) || std::holds_alternative<op::config>(o);
}

}  // namespace turnstile::inline v0

#include "owner_registry.hpp"

#include <mutex>
#include <set>
#include <tuple>

namespace turnstile::inline v0::detail {

namespace {

using line_of_owner = std::tuple<const void*, std::string, std::uint64_t>;

struct registry {
    std::mutex mutex;
    std::multiset<line_of_owner> present;  // guarded by mutex
};

registry& all()
{
    static auto* const r = new registry;  // leases may be dropped while static storage is destroyed
    return *r;
}

struct presence {
    line_of_owner key;

    explicit presence(line_of_owner k) : key{std::move(k)} {}
    presence(const presence&) = delete;
    presence& operator=(const presence&) = delete;
    ~presence()
    {
        const std::lock_guard lock{all().mutex};
        all().present.erase(all().present.find(key));
    }
};

}  // namespace

std::shared_ptr<void> enter_line(const session& s, const std::string& directory, owner_id owner, bool second_place)
{
    static const auto nobody = std::make_shared<int>();
    if (owner.is_anybody())
        return nobody;
    line_of_owner key{s.core().get(), directory, owner.value()};
    const std::lock_guard lock{all().mutex};
    if (!second_place && all().present.contains(key))
        return nullptr;
    all().present.insert(key);
    return std::make_shared<presence>(std::move(key));
}

}  // namespace turnstile::inline v0::detail

#include "owner_registry.hpp"

#include "contender_record.hpp"

#include <charconv>
#include <map>
#include <mutex>
#include <random>
#include <utility>

#include <unistd.h>

namespace turnstile::inline v0::detail {

namespace {

class presence_of_owner;

struct registry {
    std::mutex mutex;
    std::multimap<std::uint64_t, const presence_of_owner*> present;  // guarded by mutex; by owner
};

registry& all()
{
    static auto* const r = new registry;  // leases may be dropped while static storage is destroyed
    return *r;
}

/// Tells this process from all others, also from its children.
std::string process_mark()
{
    static const std::uint64_t image = (std::uint64_t{std::random_device{}()} << 32) | std::random_device{}();
    char hex[16];
    const auto end = std::to_chars(hex, hex + sizeof hex, image, 16).ptr;
    return std::string(hex, end) + "." + std::to_string(::getpid());
}

class nobody_in_particular final : public presence {
public:
    std::string owner() const override { return {}; }
    void holds(const std::string& /*node*/) override {}
    std::vector<std::string> held_elsewhere() const override { return {}; }
};

class presence_of_owner final : public presence {
public:
    presence_of_owner(const session& s, std::string directory, owner_id owner)
        : session_{s.core().get()}, root_{s.options().root}, directory_{std::move(directory)}, owner_{owner}
    {
    }
    presence_of_owner(const presence_of_owner&) = delete;
    presence_of_owner& operator=(const presence_of_owner&) = delete;
    ~presence_of_owner() override
    {
        const std::lock_guard lock{all().mutex};
        const auto [first, last] = all().present.equal_range(owner_.value());
        for (auto p = first; p != last; ++p)
            if (p->second == this) {
                all().present.erase(p);
                return;
            }
    }

    bool is_of(const session& s, const std::string& directory) const noexcept
    {
        return session_ == s.core().get() && directory_ == directory;
    }

    std::string owner() const override { return process_mark() + "." + std::to_string(owner_.value()); }

    void holds(const std::string& node) override
    {
        const std::lock_guard lock{all().mutex};
        held_ = root_ == "/" ? node : root_ + node;
    }

    std::vector<std::string> held_elsewhere() const override
    {
        std::vector<std::string> held;
        const std::lock_guard lock{all().mutex};
        const auto [first, last] = all().present.equal_range(owner_.value());
        for (auto p = first; p != last && held.size() < holds_max; ++p)
            if (p->second != this && !p->second->held_.empty())
                held.push_back(p->second->held_);
        return held;
    }

private:
    const void* const session_;
    const std::string root_;
    const std::string directory_;
    const owner_id owner_;
    std::string held_;  // guarded by the registry's mutex; empty: it waits
};

}  // namespace

std::shared_ptr<presence> enter_line(const session& s, const std::string& directory, owner_id owner, bool second_place)
{
    static const auto nobody = std::make_shared<nobody_in_particular>();
    if (owner.is_anybody())
        return nobody;
    auto here = std::make_shared<presence_of_owner>(s, directory, owner);
    const std::lock_guard lock{all().mutex};
    const auto [first, last] = all().present.equal_range(owner.value());
    for (auto p = first; p != last && !second_place; ++p)
        if (p->second->is_of(s, directory))
            return nullptr;
    all().present.emplace(owner.value(), here.get());
    return here;
}

}  // namespace turnstile::inline v0::detail

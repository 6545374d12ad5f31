#include <turnstile/recipes/owner.hpp>

#include <atomic>

namespace turnstile::inline v0 {

owner_id owner_id::unique() noexcept
{
    static std::atomic<std::uint64_t> last{0};
    return owner_id{last.fetch_add(1, std::memory_order_relaxed) + 1};
}

owner_id owner_id::this_thread() noexcept
{
    // Not std::thread::id: the system uses those again, and a lease may outlive the thread that took it.
    thread_local const owner_id id = unique();
    return id;
}

}  // namespace turnstile::inline v0

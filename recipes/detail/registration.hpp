// What services must agree on, kept in ZooKeeper: the first to come writes it down, all others compare.
//
//     <base>/kinds/order          turnstile 1 · fields id:u64
//     <base>/lanes/order          turnstile 1 · shards 64 · max-waiters 256
//     <base>/lanes/order/00a …    the recipe's own
//
// The nodes are persistent. Who comes with something else is told what is registered, and does not start.
#pragma once

#include <turnstile/deadline.hpp>
#include <turnstile/recipes/resource_kind.hpp>
#include <turnstile/session.hpp>

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace turnstile::inline v0::detail {

/// Lines of a record: what has to be the same in all services.
using terms = std::vector<std::pair<std::string, std::string>>;

struct registration {
    const char* recipe;    ///< for errors
    std::string base;      ///< of everything that is registered
    std::string purpose;   ///< "lanes": the directory of the recipe
    kind_definition kind;  ///< or only its name
    terms policy;
    std::size_t fixed = 0;     ///< so many of its first lines can never be changed, because nodes lie by them
    bool replaces = false;     ///< the others are written over what is registered
    std::uint32_t shards = 0;  ///< so many directories below; 0: none

    std::string directory() const { return base + "/" + purpose + "/" + kind.name; }
};

/// Cost: 1 round trip where it has been registered before; 3 for the first, 5 where there are shards. Repeated until it is
/// certain. Throws errc::kind_mismatch, errc::timed_out.
boost::asio::awaitable<void> enrol(session s, registration what, deadline until);

/// "00a": every service must find the same one, so this never changes.
std::string shard_of(std::string_view key, std::uint32_t shards);
std::string name_of_shard(std::uint32_t n);
inline constexpr std::uint32_t shards_max = 4'096;

}  // namespace turnstile::inline v0::detail

#include "opened_kinds.hpp"

#include <turnstile/error.hpp>
#include <turnstile/path.hpp>

#include <utility>

namespace turnstile::inline v0::detail {

using boost::asio::awaitable;

std::string opened_kinds::shard_of(const resource_key& key, const char* verb) const
{
    const auto found = directories_.find(key.kind());
    if (found == directories_.end())
        throw error{errc::bad_argument, verb, key.text(), "a kind that was not opened: " + key.kind()};
    return join_path(found->second, detail::shard_of(key.encoded(), shards_));
}

void check_shards(std::uint32_t shards, const char* recipe, const std::string& path)
{
    if (shards == 0 || shards > shards_max)
        throw error{errc::bad_argument, recipe, path, "shards: from 1 to " + std::to_string(shards_max)};
}

void check_kinds(const std::vector<kind_definition>& kinds, std::uint32_t shards, const char* recipe,
                 const std::string& base)
{
    if (kinds.empty())
        throw error{errc::bad_argument, recipe, base, "no kinds"};
    check_shards(shards, recipe, base);
}

awaitable<opened_kinds> open_kinds(session s, std::vector<kind_definition> kinds, registration same, deadline until)
{
    opened_kinds opened{same.shards};
    for (auto& kind : kinds) {
        same.kind = std::move(kind);
        auto enrolling = enrol(s, same, until);
        co_await std::move(enrolling);
        opened.add(same);
    }
    co_return opened;
}

}  // namespace turnstile::inline v0::detail

// The kinds of resources that a service has opened with a recipe, and where each resource lies.
#pragma once

#include "registration.hpp"

#include <turnstile/deadline.hpp>
#include <turnstile/recipes/resource_kind.hpp>
#include <turnstile/session.hpp>

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace turnstile::inline v0::detail {

class opened_kinds {
public:
    explicit opened_kinds(std::uint32_t shards) : shards_{shards} {}

    void add(const registration& enrolled) { directories_.emplace(enrolled.kind.name, enrolled.directory()); }

    /// By the names of the kinds.
    const std::map<std::string, std::string>& directories() const noexcept { return directories_; }

    /// The directory of the resource's shard. Throws errc::bad_argument: its kind was not opened.
    std::string shard_of(const resource_key& key, const char* verb) const;

private:
    std::uint32_t shards_;
    std::map<std::string, std::string> directories_;
};

/// Throws errc::bad_argument that names the recipe.
void check_shards(std::uint32_t shards, const char* recipe, const std::string& path);
/// The same; some kinds there must be.
void check_kinds(const std::vector<kind_definition>& kinds, std::uint32_t shards, const char* recipe,
                 const std::string& base);

/// Enrols each of the kinds, with what is the same for all. Throws as enrol() does.
boost::asio::awaitable<opened_kinds> open_kinds(session s, std::vector<kind_definition> kinds, registration same,
                                                deadline until);

}  // namespace turnstile::inline v0::detail

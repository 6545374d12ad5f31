// What the services of the desk call the things that they change: written once, included by all. Two services that lock the
// same order under two names lock nothing.
#pragma once

#include <turnstile/recipes/resource_kind.hpp>

namespace orderdesk::resource {

using order = turnstile::resource_kind<"order", "id:u64">;

/// What a user has put into a basket, and wants to buy once.
using checkout = turnstile::resource_kind<"checkout", "user:u64", "basket:text">;

}  // namespace orderdesk::resource

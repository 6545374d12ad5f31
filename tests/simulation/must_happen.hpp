// What some thousands of seeds must have met; otherwise they have shown less than they seem to.
#pragma once

#include <array>

namespace turnstile::simulation {

inline constexpr std::array must_happen{
    "grants",
    "refused",
    "lines of five",
    "overtakings",
    "cancels",
    "cancels racing a grant",
    "pauses",
    "expiries",
    "expiries of holders",
    "expiries of waiters",
    "sessions ended from outside",
    "cuts",
    "cuts with writes under way",
    "server stopped",
    "replies held",
    "connections refused",
    "doubtful creates adopted",
    "doubtful creates adopted that came late",
    "doubtful creates that never were",
    "doubtful deletes",
    "grants that came too late",
    "losses while holding",
    "losses told",
    "while_held done",
    "while_held lost",
    "places touched",
    "strangers",
    "strangers who put a reader in front",
    "readers",
    "writers",
    "downgrades",
    "permits",
    "several locks at once",
    "candidates",
    "terms",
    "callers of a cohort",
    "handed on inside a process",
    "zombies fenced off",
    "directories reaped",
};

}  // namespace turnstile::simulation

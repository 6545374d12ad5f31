// The watches that one client has left, kept as ZooKeeper's own clients keep them: entered when the answer arrives, so that
// a lost answer leaves none, and struck off when the event arrives.
#pragma once

#include <turnstile/operation.hpp>

#include <set>
#include <string>

namespace turnstile::inline v0::testing {

struct watch_book {
    std::set<std::string, std::less<>> node;    ///< left by get, and by exists where there was a node
    std::set<std::string, std::less<>> absent;  ///< left by exists where there was none
    std::set<std::string, std::less<>> child;

    watch_book() = default;

    /// Enters what an answered operation leaves behind, or strikes off what it forgets.
    void note(const operation& o, const error_code& answer);
    /// An event arrived: strikes off the watches that it uses up; false when there were none.
    bool take(watch_event_type type, const std::string& path);
};

/// Which kind of watch a server has to keep for an operation that was answered so.
enum class watch_kind { none, node, absent, child };
watch_kind watch_left_by(const operation& o, const error_code& answer);

}  // namespace turnstile::inline v0::testing

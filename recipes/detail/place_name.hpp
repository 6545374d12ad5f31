// Names of places in a line, as they stand in ZooKeeper:
//
//     x<session id, base64url>.<counter, base36>-lock-<10 digits>           ours, of a mutex
//     w<…>-__WRIT__<10 digits>   r<…>-__READ__<10 digits>                   ours, of a shared_mutex
//     s<…>*<weight>-lock-<10 digits>                                        ours, of a semaphore
//     _c_<guid>-lock-<10 digits>                                            Curator's InterProcessMutex
//     _c_<guid>-__WRIT__<10 digits>   _c_<guid>-__READ__<10 digits>         Curator's InterProcessReadWriteLock
//     <hex>__lock__<10 digits>   <hex>__rlock__<10 digits>                  kazoo's Lock and WriteLock, ReadLock
//     <key>~<one of ours>                                                   of a keyed line
//
// Several keyed lines share a directory: each sees only the places of its own key, and they are numbered together.
//
// The number at the end is the order, and is parsed strictly: anything else in the directory is somebody else's business,
// and never a place.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace turnstile::inline v0::detail {

/// Where ZooKeeper's 31-bit counter is too near its end to trust: at 2^31 it sticks, or turns negative and jumps the queue.
inline constexpr std::int64_t sequence_limit = (std::int64_t{1} << 31) - (std::int64_t{1} << 20);

/// What somebody asks for in a line. The server lets in by order alone; what fits beside what is the contenders' rule.
struct claim {
    enum class kind : unsigned char { whole, write, read, permits };

    kind what = kind::whole;
    std::uint32_t weight = 1;  ///< of permits

    claim() = default;
    claim(kind what_, std::uint32_t weight_ = 1) : what{what_}, weight{weight_} {}  // NOLINT(*-explicit-*)
};

struct place {
    std::int64_t sequence = 0;
    std::string name;

    place() = default;
    place(std::int64_t sequence_, std::string name_) : sequence{sequence_}, name{std::move(name_)} {}
    friend auto operator<=>(const place&, const place&) = default;  // NOLINT(modernize-use-nullptr)
};

/// A place in a list that somebody else keeps: long lines are read without a copy of each name.
struct place_view {
    std::int64_t sequence = 0;
    std::string_view name;
    std::uint32_t weight = 1;
    bool shared = false;  ///< a reader's

    place_view() = default;
    place_view(std::int64_t sequence_, std::string_view name_) : sequence{sequence_}, name{name_} {}
    friend auto operator<=>(const place_view&, const place_view&) = default;  // NOLINT(modernize-use-nullptr)
};

/// Ends a key, and is never part of one: keys are encoded.
inline constexpr char key_end = '~';

/// The key in front of a name, with its end; empty: of a line that has the directory for itself.
std::string_view key_of(std::string_view name) noexcept;
/// Of a path: all that its line's places have in common.
std::string_view line_of(std::string_view node) noexcept;

/// A semaphore's.
bool asks_for_permits(std::string_view name) noexcept;

/// nullopt: not a place.
std::optional<place_view> view_place(std::string_view name);
std::optional<place> parse_place(std::string_view name);

/// What makes our nodes ours: unique to one attempt of one ZooKeeper session. The server appends the number.
std::string place_marker(claim what, std::int64_t session_id, std::uint64_t counter);

/// Its owner may put a reader's place in front of those who stand behind it: Curator's writers do when they downgrade.
bool may_insert(std::string_view name) noexcept;

/// All places of a line in a list of its directory, by number.
std::vector<place_view> places_in(const std::vector<std::string>& children, std::string_view key = {});

/// Those who stand before a place and keep it waiting.
struct queue_ahead {
    std::vector<place_view> nearest;  ///< the nearest last
    std::uint64_t beyond = 0;         ///< what those weigh who stand before them
};

/// Shows `how_many` of the nearest, as views of `children`; nullopt when `own` itself is not among them. Readers do not keep
/// readers waiting. One pass: a line of ten thousand is not sorted for the three that matter.
std::optional<queue_ahead> places_ahead(const std::vector<std::string>& children, const place& own, std::size_t how_many);

}  // namespace turnstile::inline v0::detail

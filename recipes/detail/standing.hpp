// What a waiter knows of those ahead of it, and what it has to do next. Pure: events in, one decision out.
//
// The lock is ours exactly when each place that a listing showed ahead of us has been *seen gone*: that set can only shrink.
// "The one just ahead went" is not enough, because it may have given up while the holder is still there.
//
// So that nothing has to be asked between the holder's release and our turn, we must know in time that the one just ahead
// has become the holder. Therefore the one before it is watched as well; when that goes, the few others are looked up by
// name, or the line is listed once more, while the holder still holds. A deletion wakes two waiters at most.
#pragma once

#include "place_name.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace turnstile::inline v0::detail {

enum class need {
    nothing,  ///< our turn
    look,     ///< get what to_look() names
    list,     ///< list the line again
    wait,     ///< for an event of a watch
    gone,     ///< our own place has been removed by somebody else
};

class standing {
public:
    /// A place to be looked up, and whether a watch is to be left there.
    struct glance {
        std::string name;
        bool watch;

        glance(std::string name_, bool watch_) : name{std::move(name_)}, watch{watch_} {}
        friend bool operator==(const glance&, const glance&) = default;
    };

    explicit standing(place own) : own_{std::move(own)} {}

    /// The children of the line's directory, read after our own node was created.
    void listed(const std::vector<std::string>& children);
    /// A look found it.
    void seen(std::string_view name, bool watched);
    /// A watch told so, or a look did not find it.
    void went(std::string_view name);
    /// Its data changed: the watch is used up.
    void stirred(std::string_view name);

    /// Look after our own place as well: somebody may remove it, and then a grant would be a second one. For those who wait
    /// long; a short wait would pay a read and an event, at each hand-over, for what only an operator does.
    void guard_own() noexcept { own_guarded_ = true; }

    need next() const;
    std::vector<glance> to_look() const;

    const place& own() const noexcept { return own_; }

private:
    struct neighbour {
        std::string name;
        bool watched = false;
        bool verified = true;  ///< false: listed, but perhaps gone meanwhile

        explicit neighbour(std::string name_) : name{std::move(name_)} {}
    };

    std::vector<neighbour>::iterator find(std::string_view name);

    place own_;
    bool listed_ = false;
    bool own_guarded_ = false;
    bool own_gone_ = false;
    bool own_watched_ = false;
    /// Those ahead, the nearest last: all of them when they are few, otherwise the two nearest.
    std::vector<neighbour> ahead_;
    bool more_ = false;  ///< there were others before ahead_.front()
};

}  // namespace turnstile::inline v0::detail

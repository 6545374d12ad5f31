// What a waiter knows of those ahead of it, and what it has to do next. Pure: events in, one decision out.
//
// One rule for the whole family: it is our turn when those ahead of us that keep us waiting, and ourselves, fit into the
// line's capacity. A mutex has a capacity of one; a reader is not kept waiting by readers; a semaphore's capacity is its
// maximum, and each place has a weight. Whoever a listing showed ahead counts until it has been *seen gone*: that set can
// only shrink. "The one just ahead went" is not enough, because it may have given up while the holder is still there.
//
// Watched are so many of the nearest that one of them must go before our turn can come: for a mutex the one just ahead, for
// a semaphore as many as fill it. So that nothing has to be asked between a release and our turn, one more is watched; when
// that goes, the few others are looked up by name, or the line is listed once more, while the holder still holds. A deletion
// in the line of a mutex wakes two waiters at most, and in that of a semaphore as many as it has permits, and one.
#pragma once

#include "place_name.hpp"

#include <cstddef>
#include <cstdint>
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

    explicit standing(place own);

    /// The children of the line's directory, read after our own node was created.
    void listed(const std::vector<std::string>& children);
    /// The same from another source: some of those ahead, the nearest last, and how many there are before them. Not for
    /// readers.
    void told(const std::vector<place>& nearest, std::uint64_t beyond);
    /// How much fits side by side; 1 unless said. What shrinks takes nothing away from those who are in.
    void set_capacity(std::uint32_t capacity) noexcept { capacity_ = capacity; }
    /// A look found it.
    void seen(std::string_view name, bool watched);
    /// A look found a writer that has become a reader.
    void downgraded(std::string_view name);
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
    /// A reader's.
    bool shared() const noexcept { return shared_; }
    /// There are others before those that are known by name.
    bool deep() const noexcept { return beyond_ != 0; }
    /// Nothing is wrong with what was listed, but it was long ago: who is ahead now has to be found out.
    bool out_of_sight() const noexcept;
    /// Those that are known to keep us waiting; there may be others before them.
    std::size_t known_ahead() const noexcept { return ahead_.size(); }
    /// What all of them weigh, by the last list.
    std::uint64_t weight_ahead() const noexcept;

private:
    struct neighbour {
        std::string name;
        std::uint32_t weight;
        bool watched = false;
        bool verified = true;  ///< false: listed, but perhaps gone meanwhile

        neighbour(std::string name_, std::uint32_t weight_) : name{std::move(name_)}, weight{weight_} {}
    };

    /// How many of the nearest fill the line, so that one of them has to go before our turn; more than there are when even
    /// all of them do not.
    template <class Places>
    std::size_t enough_of(const Places& ahead) const noexcept;
    bool sees_far_enough() const noexcept { return beyond_ == 0 || enough_of(ahead_) < ahead_.size(); }
    bool fits() const noexcept;
    void keep(const queue_ahead& ahead);
    std::vector<neighbour>::iterator find(std::string_view name);

    place own_;
    std::uint32_t weight_;
    std::uint32_t capacity_ = 1;
    bool shared_;
    bool listed_ = false;
    bool own_guarded_ = false;
    bool own_gone_ = false;
    bool own_watched_ = false;
    /// Those ahead that keep us waiting, the nearest last: all of them when they are few, otherwise those that are watched.
    std::vector<neighbour> ahead_;
    std::uint64_t beyond_ = 0;  ///< weight of those before ahead_.front(), as they were listed
};

}  // namespace turnstile::inline v0::detail

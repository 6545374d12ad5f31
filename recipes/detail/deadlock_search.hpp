// Looks for a circle of owners who wait for each other, as questions and answers: who waits behind what we hold, what do
// they hold, who waits behind that, until somebody holds what we wait for.
//
// What is asked at different moments need not have been true at one. So the circle is read a second time: a node that was
// there both times was there between the two (its name never comes again), and in that moment all of them waited.
//
// All of a circle look, and one is enough to break it: the one who came last, by its node's zxid.
#pragma once

#include <turnstile/operation.hpp>
#include <turnstile/recipes/deadlock.hpp>

#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace turnstile::inline v0::detail {

class deadlock_search {
public:
    /// Where we wait.
    struct own_place {
        std::string directory;
        std::string name;
        std::int64_t created = 0;  ///< zxid

        own_place(std::string directory_, std::string name_, std::int64_t created_)
            : directory{std::move(directory_)}, name{std::move(name_)}, created{created_}
        {
        }
    };

    /// `record`: what our own node bears. `held`: whole paths; those outside of `root` are not looked at.
    deadlock_search(std::vector<own_place> places, std::string record, const std::vector<std::string>& held,
                    std::string root);

    bool asks() const noexcept { return step_ != step::found && step_ != step::over; }
    bool found() const noexcept { return step_ == step::found; }

    std::vector<operation> question() const;
    void answered(std::span<const outcome> answers);

    /// Once found. The first is who asked.
    std::vector<deadlock_wait> cycle() const;

private:
    enum class step : unsigned char { holders, waiters, confirm, over, found };
    static constexpr std::size_t ours = static_cast<std::size_t>(-1);

    /// Somebody, and one of the nodes that it holds.
    struct link {
        std::string holds;
        std::string waits_at;       ///< its place behind what the next one holds; ours: empty
        std::size_t behind = ours;  ///< whose link that is
        std::int64_t created = 0;
        contender who;

        link() = default;
    };
    struct waiter {
        std::string node;
        std::size_t behind;
    };

    void look_behind(std::span<const outcome> answers);
    void look_at(std::span<const outcome> answers);
    void confirm(std::span<const outcome> answers);
    void next_level();
    std::vector<std::size_t> chain() const;
    const own_place* closes(const std::string& held, bool downgraded = false) const;
    bool came_last(std::size_t last) const;

    const std::vector<own_place> places_;
    const std::string record_;
    const std::string owner_;
    const std::string root_;
    step step_ = step::holders;
    std::size_t level_ = 0;
    std::vector<link> links_;
    std::size_t frontier_ = 0;  ///< the first link of the present level
    std::vector<waiter> waiters_;
    std::set<std::string> known_;  ///< nodes that have been looked at
    std::size_t last_ = ours;      ///< of the circle
};

}  // namespace turnstile::inline v0::detail

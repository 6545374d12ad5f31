// The lock of a key, by whatever recipe, as one call wants it: alone, as a reader, with so many permits. Whoever judges is
// told who may be inside together, and need not know which recipe it is.
#pragma once

#include "dice.hpp"

#include <turnstile/recipes/cohort_mutex.hpp>
#include <turnstile/recipes/multi_lock.hpp>
#include <turnstile/recipes/mutex.hpp>
#include <turnstile/recipes/semaphore.hpp>
#include <turnstile/recipes/shared_mutex.hpp>
#include <turnstile/testing/history.hpp>

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace turnstile::chaos {

/// The readers' side of a read/write lock.
class reading {
public:
    explicit reading(shared_mutex lock) : lock_{std::move(lock)} {}

    boost::asio::awaitable<lease> acquire(acquire_options how) { return lock_.acquire_shared(std::move(how)); }
    boost::asio::awaitable<std::optional<lease>> try_acquire(acquire_options how)
    {
        return lock_.try_acquire_shared(std::move(how));
    }
    boost::asio::awaitable<std::optional<lease>> try_acquire_until(acquire_options how)
    {
        return lock_.try_acquire_shared_until(std::move(how));
    }

private:
    shared_mutex lock_;
};

/// Some permits of several.
class taking_permits {
public:
    taking_permits(semaphore lock, permits n) : lock_{std::move(lock)}, n_{n} {}

    boost::asio::awaitable<lease> acquire(acquire_options how) { return lock_.acquire(n_, std::move(how)); }
    boost::asio::awaitable<std::optional<lease>> try_acquire(acquire_options how)
    {
        return lock_.try_acquire(n_, std::move(how));
    }
    boost::asio::awaitable<std::optional<lease>> try_acquire_until(acquire_options how)
    {
        return lock_.try_acquire_until(n_, std::move(how));
    }

private:
    semaphore lock_;
    permits n_;
};

class some_lock {
public:
    /// There are so many permits where there are several.
    static constexpr std::uint32_t maximum = 3;

    /// The recipe follows from the key's place among all: every process takes the same.
    static some_lock of(const turnstile::session& s, const cohort& others, const std::string& path, std::size_t number,
                        dice& chance)
    {
        using enum testing::holding_kind;
        switch (number) {
            case 1:
                if (chance.one_in(3))
                    return some_lock{shared_mutex{s, path}, writer};
                return some_lock{reading{shared_mutex{s, path}}, reader};
            case 2:
                return some_lock{semaphore{s, path, 1}, testing::holding_kind::mutex};
            case 3:
                return some_lock{multi_lock{s, {path, path + "-and-more"}}, testing::holding_kind::mutex};
            case counted:
                return of_permits(semaphore{s, path, maximum}, 1 + static_cast<std::uint32_t>(chance.below(maximum)));
            case 5:
                return some_lock{cohort_mutex{others, path}, testing::holding_kind::cohort};
            default:
                return some_lock{turnstile::mutex{s, path}, testing::holding_kind::mutex};
        }
    }
    /// Whether tokens order what those do who hold it. Permits have no order: a resource can refuse nobody.
    static bool has_order(std::size_t number) { return number != counted; }

    boost::asio::awaitable<lease> acquire(acquire_options how)
    {
        return std::visit([&](auto& lock) { return lock.acquire(std::move(how)); }, lock_);
    }
    boost::asio::awaitable<std::optional<lease>> try_acquire(acquire_options how)
    {
        return std::visit([&](auto& lock) { return lock.try_acquire(std::move(how)); }, lock_);
    }
    boost::asio::awaitable<std::optional<lease>> try_acquire_until(acquire_options how)
    {
        return std::visit([&](auto& lock) { return lock.try_acquire_until(std::move(how)); }, lock_);
    }

    bool has_order() const { return kind_ != testing::holding_kind::permits; }

    /// As what it is asked for and held.
    void describe(testing::history_event& e) const
    {
        e.kind = kind_;
        e.weight = weight_;
        e.maximum = has_order() ? 0 : maximum;
    }

private:
    static constexpr std::size_t counted = 4;

    using any = std::variant<turnstile::mutex, shared_mutex, reading, semaphore, taking_permits, multi_lock, cohort_mutex>;
    some_lock(any lock, testing::holding_kind kind) : lock_{std::move(lock)}, kind_{kind} {}

    static some_lock of_permits(semaphore lock, std::uint32_t n)
    {
        some_lock taken{taking_permits{std::move(lock), permits{n}}, testing::holding_kind::permits};
        taken.weight_ = n;
        return taken;
    }

    any lock_;
    testing::holding_kind kind_;
    std::int64_t weight_ = 1;
};

}  // namespace turnstile::chaos

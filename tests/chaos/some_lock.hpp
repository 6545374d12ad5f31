// The lock of a key, by whatever recipe: whoever judges sees one at a time, in order, and need not know which it is.
#pragma once

#include <turnstile/recipes/multi_lock.hpp>
#include <turnstile/recipes/mutex.hpp>
#include <turnstile/recipes/semaphore.hpp>
#include <turnstile/recipes/shared_mutex.hpp>

#include <boost/asio/awaitable.hpp>

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace turnstile::chaos {

class some_lock {
public:
    /// The recipe follows from the key's place among all: every process takes the same.
    static some_lock of(const turnstile::session& s, const std::string& path, std::size_t number)
    {
        switch (number) {
            case 1:
                return some_lock{shared_mutex{s, path}};
            case 2:
                return some_lock{semaphore{s, path, 1}};
            case 3:
                return some_lock{multi_lock{s, {path, path + "-and-more"}}};
            default:
                return some_lock{mutex{s, path}};
        }
    }

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

private:
    using any = std::variant<mutex, shared_mutex, semaphore, multi_lock>;
    explicit some_lock(any lock) : lock_{std::move(lock)} {}
    any lock_;
};

}  // namespace turnstile::chaos

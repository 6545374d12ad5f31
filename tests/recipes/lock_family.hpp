// The lock-like recipes as one kind of thing: what lock_contract and lock_faultsim ask of each.
#pragma once

#include <turnstile/recipes/cohort_mutex.hpp>
#include <turnstile/recipes/leader_election.hpp>
#include <turnstile/recipes/multi_lock.hpp>
#include <turnstile/recipes/mutex.hpp>
#include <turnstile/recipes/semaphore.hpp>
#include <turnstile/recipes/shared_mutex.hpp>
#include <turnstile/result.hpp>

#include <boost/asio/awaitable.hpp>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace turnstile::test {

/// What several of them have in common.
template <class Recipe>
struct exclusive_lock {
    static std::vector<std::string> lines() { return {"/locks/order-42"}; }
    static std::size_t reads_of_a_refused_try() { return 1; }
    static boost::asio::awaitable<lease> acquire(session s, acquire_options how)
    {
        return Recipe::make(std::move(s)).acquire(std::move(how));
    }
    static boost::asio::awaitable<std::optional<lease>> try_acquire(session s, acquire_options how)
    {
        return Recipe::make(std::move(s)).try_acquire(std::move(how));
    }
    static boost::asio::awaitable<std::optional<lease>> try_acquire_until(session s, acquire_options how)
    {
        return Recipe::make(std::move(s)).try_acquire_until(std::move(how));
    }
    /// What whoever acquires has to wait for: here the same.
    static boost::asio::awaitable<lease> hold(session s, acquire_options how)
    {
        return Recipe::acquire(std::move(s), std::move(how));
    }
};

struct mutex_kind : exclusive_lock<mutex_kind> {
    static constexpr const char* name = "mutex";
    static mutex make(session s) { return mutex{std::move(s), lines().front()}; }
};

struct writer_kind : exclusive_lock<writer_kind> {
    static constexpr const char* name = "writer";
    static shared_mutex make(session s) { return shared_mutex{std::move(s), lines().front()}; }
};

struct writer_behind_readers_kind : exclusive_lock<writer_behind_readers_kind> {
    static constexpr const char* name = "writer_behind_readers";
    static shared_mutex make(session s) { return shared_mutex{std::move(s), lines().front()}; }
    static boost::asio::awaitable<lease> hold(session s, acquire_options how)
    {
        return make(std::move(s)).acquire_shared(std::move(how));
    }
};

/// Readers exclude no readers: this one is for bodies in which whoever acquires has nobody but holders ahead.
struct reader_behind_writers_kind {
    static constexpr const char* name = "reader_behind_writers";
    static std::vector<std::string> lines() { return {"/locks/order-42"}; }
    static shared_mutex make(session s) { return shared_mutex{std::move(s), lines().front()}; }
    static boost::asio::awaitable<lease> acquire(session s, acquire_options how)
    {
        return make(std::move(s)).acquire_shared(std::move(how));
    }
    static boost::asio::awaitable<std::optional<lease>> try_acquire(session s, acquire_options how)
    {
        return make(std::move(s)).try_acquire_shared(std::move(how));
    }
    static boost::asio::awaitable<std::optional<lease>> try_acquire_until(session s, acquire_options how)
    {
        return make(std::move(s)).try_acquire_shared_until(std::move(how));
    }
    static boost::asio::awaitable<lease> hold(session s, acquire_options how)
    {
        return make(std::move(s)).acquire(std::move(how));
    }
};

/// One permit there is, or all of them: both exclude each other.
struct semaphore_kind : exclusive_lock<semaphore_kind> {
    static constexpr const char* name = "semaphore";
    static std::size_t reads_of_a_refused_try() { return 2; }
    static semaphore make(session s) { return semaphore{std::move(s), lines().front(), 1}; }
};

struct whole_semaphore_kind : exclusive_lock<whole_semaphore_kind> {
    static constexpr const char* name = "whole_semaphore";
    static std::size_t reads_of_a_refused_try() { return 2; }
    static semaphore make(session s) { return semaphore{std::move(s), lines().front(), 7}; }
    static boost::asio::awaitable<lease> acquire(session s, acquire_options how)
    {
        return make(std::move(s)).acquire(permits{7}, std::move(how));
    }
    static boost::asio::awaitable<std::optional<lease>> try_acquire(session s, acquire_options how)
    {
        return make(std::move(s)).try_acquire(permits{7}, std::move(how));
    }
    static boost::asio::awaitable<std::optional<lease>> try_acquire_until(session s, acquire_options how)
    {
        return make(std::move(s)).try_acquire_until(permits{7}, std::move(how));
    }
};

struct multi_kind : exclusive_lock<multi_kind> {
    static constexpr const char* name = "multi_lock";
    static std::vector<std::string> lines() { return {"/locks/order-42", "/locks/user-7", "/stock/b/12"}; }
    static std::size_t reads_of_a_refused_try() { return 3; }
    static multi_lock make(session s) { return multi_lock{std::move(s), lines()}; }
};

/// Each call is a caller of a cohort of its own: to the others a cohort is one contender.
struct cohort_kind : exclusive_lock<cohort_kind> {
    static constexpr const char* name = "cohort";
    static cohort_mutex make(session s) { return {cohort{std::move(s)}, lines().front()}; }
};

/// Candidates say until when, and nothing else.
struct leader_kind : exclusive_lock<leader_kind> {
    static constexpr const char* name = "leader";
    static leader_election make(session s) { return leader_election{std::move(s), lines().front(), "a candidate"}; }
    static boost::asio::awaitable<lease> acquire(session s, acquire_options how)
    {
        return make(std::move(s)).campaign(how.until);
    }
    static boost::asio::awaitable<std::optional<lease>> try_acquire(session s, acquire_options)
    {
        return make(std::move(s)).try_lead();
    }
    static boost::asio::awaitable<std::optional<lease>> try_acquire_until(session s, acquire_options how)
    {
        auto term = co_await as_result(acquire(std::move(s), std::move(how)));
        if (term)
            co_return std::move(*term);
        if (term.error() != errc::timed_out)
            throw boost::system::system_error{term.error()};
        co_return std::nullopt;
    }
};

}  // namespace turnstile::test

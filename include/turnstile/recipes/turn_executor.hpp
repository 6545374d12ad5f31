// How a lane knows that a coroutine asks for what it holds already: what runs in a turn runs on an executor that bears the
// turn's owner, and everything that is started from there inherits it.
#pragma once

#include <turnstile/recipes/export.hpp>
#include <turnstile/recipes/owner.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/require.hpp>

#include <optional>
#include <type_traits>
#include <utility>

namespace turnstile::inline v0 {

class turn;

namespace detail {

/// Any executor, and an owner: everything but `==` is the inner one's.
class turn_executor {
public:
    turn_executor(boost::asio::any_io_executor inner, owner_id owner) noexcept : inner_{std::move(inner)}, owner_{owner} {}

    owner_id owner() const noexcept { return owner_; }

    template <class Property>
    auto query(const Property& p) const
        -> std::enable_if_t<boost::asio::can_query_v<const boost::asio::any_io_executor&, Property>,
                            typename boost::asio::query_result<const boost::asio::any_io_executor&, Property>::type>
    {
        return boost::asio::query(inner_, p);
    }

    template <class Property>
    auto require(const Property& p) const
        -> std::enable_if_t<boost::asio::can_require_v<const boost::asio::any_io_executor&, Property>, turn_executor>
    {
        return {boost::asio::require(inner_, p), owner_};
    }

    template <class Property>
    auto prefer(const Property& p) const
        -> std::enable_if_t<boost::asio::can_prefer_v<const boost::asio::any_io_executor&, Property>, turn_executor>
    {
        return {boost::asio::prefer(inner_, p), owner_};
    }

    template <class F>
    void execute(F&& f) const
    {
        inner_.execute(std::forward<F>(f));
    }

    friend bool operator==(const turn_executor& a, const turn_executor& b) noexcept
    {
        return a.inner_ == b.inner_ && a.owner_ == b.owner_;
    }
    friend bool operator!=(const turn_executor& a, const turn_executor& b) noexcept { return !(a == b); }

private:
    boost::asio::any_io_executor inner_;
    owner_id owner_;
};

/// Of the turn that runs there; nobody, outside of all turns.
TURNSTILE_RECIPES_EXPORT owner_id owner_on(const boost::asio::any_io_executor& executor);

/// What `f(t)` answers, as a value.
template <class F, class Value>
boost::asio::awaitable<void> reply_to(F& f, turn& t, std::optional<Value>& reply)
{
    using answer = typename std::invoke_result_t<F&, turn&>::value_type;
    auto work = f(t);
    if constexpr (std::is_void_v<answer>) {
        co_await std::move(work);
        reply.emplace();
    } else {
        reply.emplace(co_await std::move(work));
    }
}

}  // namespace detail

}  // namespace turnstile::inline v0

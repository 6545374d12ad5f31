// P13: from one caller of a process to the next, without ZooKeeper. Beside a bare hop through an executor, which is what is
// left when nothing has to be decided.
#include "our_session.hpp"
#include "usage.hpp"
#include "workload.hpp"

#include <turnstile/recipes/cohort_mutex.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <limits>
#include <stdexcept>

namespace bench {
namespace {

using clock = std::chrono::steady_clock;

constexpr auto hand_over = "hand-over µs";
constexpr int callers = 8;
constexpr int turns_of_each = 5'000;

template <class Caller>
reading race(boost::asio::io_context& loop, Caller caller)
{
    for (int i = 0; i < callers; ++i)
        boost::asio::co_spawn(loop, caller(), or_die);
    const auto begun = clock::now();
    loop.run();
    const std::chrono::duration<double, std::micro> lasted = clock::now() - begun;
    return {{hand_over, lasted.count() / (callers * turns_of_each)}};
}

boost::asio::awaitable<void> hop()
{
    const auto executor = co_await boost::asio::this_coro::executor;
    for (int i = 0; i < turns_of_each; ++i)
        co_await boost::asio::post(executor, boost::asio::use_awaitable);
}

reading hops(const arena& /*a*/)
{
    boost::asio::io_context loop{1};
    return race(loop, hop);
}

boost::asio::awaitable<void> take_turns(turnstile::cohort_mutex m, bool& inside)
{
    for (int i = 0; i < turns_of_each; ++i) {
        auto held = co_await m.acquire();
        if (std::exchange(inside, true))
            throw std::logic_error{"two held the lock at once"};
        inside = false;
        held.release_in_background();
    }
}

reading turns(const arena& a)
{
    const our_session session{a.servers};
    const turnstile::cohort us{session.get(),
                               turnstile::cohort_options{.hand_overs = std::numeric_limits<std::size_t>::max()}};
    boost::asio::io_context loop{1};
    bool inside = false;
    return race(loop, [&] { return take_turns({us, "/bench/p13"}, inside); });
}

}  // namespace

std::vector<workload> local_hand_over(const libraries& /*others*/)
{
    return {{"8 callers of one process, one key",
             {peer::limit("a bare hop", hops)},
             {{"coroutines", turns}},
             {{"P13", hand_over, {at_most(5)}}}}};
}

}  // namespace bench

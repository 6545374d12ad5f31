#include <turnstile/latch.hpp>

#include "once.hpp"

#include <algorithm>
#include <mutex>
#include <utility>
#include <vector>

namespace turnstile::inline v0 {

struct latch::state {
    using waiting = std::shared_ptr<detail::once<error_code>>;

    std::mutex mutex;
    // Guarded by mutex.
    bool is_open = false;
    std::vector<waiting> who;

    void await(const waiting& w)
    {
        {
            const std::lock_guard lock{mutex};
            if (!is_open) {
                who.push_back(w);
                return;
            }
        }
        w->complete({});
    }

    void give_up(const waiting& w, error_code why)
    {
        {
            const std::lock_guard lock{mutex};
            who.erase(std::remove(who.begin(), who.end(), w), who.end());
        }
        w->complete(why);
    }
};

latch::latch() : state_{std::make_shared<state>()} {}

void latch::open() noexcept
{
    std::vector<state::waiting> all;
    {
        const std::lock_guard lock{state_->mutex};
        state_->is_open = true;
        all.swap(state_->who);
    }
    for (const auto& w : all)
        w->complete({});
}

boost::asio::awaitable<error_code> latch::wait(deadline until) const
{
    auto start = [s = state_](const state::waiting& w) { s->await(w); };
    auto give_up = [s = state_](const state::waiting& w, error_code why) { s->give_up(w, why); };
    return detail::await_once<error_code>(until, std::move(start), std::move(give_up));
}

}  // namespace turnstile::inline v0

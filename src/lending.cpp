#include <turnstile/lending.hpp>

#include "backstage.hpp"
#include "once.hpp"

#include <mutex>
#include <optional>
#include <utility>

namespace turnstile::inline v0 {

lender::~lender() = default;

struct lease_arrival::state {
    using arrived = std::pair<error_code, lease>;
    using waiting = std::shared_ptr<detail::once<arrived>>;

    std::mutex mutex;
    // Guarded by mutex.
    bool over = false;
    std::optional<arrived> early;  // nobody waits yet
    waiting who;

    void bring(arrived what)
    {
        waiting w;
        {
            const std::lock_guard lock{mutex};
            if (std::exchange(over, true))
                return;
            if (!who) {
                early.emplace(std::move(what));
                return;
            }
            w = std::move(who);
        }
        w->complete(std::move(what));
    }

    void await(waiting w)
    {
        std::optional<arrived> here;
        {
            const std::lock_guard lock{mutex};
            if (!early) {
                who = std::move(w);
                return;
            }
            here.swap(early);
        }
        w->complete(std::move(*here));
    }

    void give_up(const waiting& w, error_code why)
    {
        {
            const std::lock_guard lock{mutex};
            over = true;
            who.reset();
        }
        w->complete(arrived{why, lease{}});
    }
};

lease_arrival::lease_arrival() : state_{std::make_shared<state>()} {}

lease_arrival::~lease_arrival() = default;

void lease_arrival::bring(lease l) noexcept { state_->bring({error_code{}, std::move(l)}); }

void lease_arrival::fail(error_code why) noexcept { state_->bring({why, lease{}}); }

bool lease_arrival::over() const noexcept
{
    const std::lock_guard lock{state_->mutex};
    return state_->over;
}

boost::asio::awaitable<std::pair<error_code, lease>> lease_arrival::wait(deadline until)
{
    auto start = [s = state_](state::waiting w) { s->await(std::move(w)); };
    auto give_up = [s = state_](const state::waiting& w, error_code why) { s->give_up(w, why); };
    return detail::await_once<state::arrived>(until, std::move(start), std::move(give_up));
}

boost::asio::any_io_executor errand_executor() { return detail::backstage::get().executor(); }

}  // namespace turnstile::inline v0

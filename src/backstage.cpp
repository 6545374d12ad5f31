#include "backstage.hpp"

#include "fork_guard.hpp"
#include "sdk_thread.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include <thread>
#include <utility>
#include <vector>

#include <pthread.h>
#include <signal.h>

namespace turnstile::inline v0::detail {

namespace {

thread_local bool is_sdk_thread = false;

}  // namespace

bool on_sdk_thread() noexcept { return is_sdk_thread; }

void mark_sdk_thread() noexcept { is_sdk_thread = true; }

backstage& backstage::get()
{
    static std::mutex making;
    static backstage* current = nullptr;
    static std::uint32_t made_in = 0;
    const std::lock_guard one_at_a_time{making};
    if (!current || made_in != fork_generation()) {
        current = new backstage;  // the parent's, in a forked child, is unusable and must not be touched
        made_in = fork_generation();
    }
    return *current;
}

backstage::backstage() : timer_{context_}
{
    // Signals are the application's: its threads shall get them, not ours.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    std::thread{[this] {
        mark_sdk_thread();
        const auto stay = boost::asio::make_work_guard(context_);
        context_.run();
    }}.detach();
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void backstage::post(unique_function<void()> f) { boost::asio::post(context_, std::move(f)); }

backstage::alarm backstage::at(clock::time_point when, unique_function<void()> f)
{
    const std::lock_guard lock{mutex_};
    const alarm a{when, ++last_alarm_};
    alarms_.emplace(a, std::move(f));
    if (when < armed_for_)
        arm();
    return a;
}

bool backstage::cancel(const alarm& a)
{
    // The timer stays armed: an empty ring now and then is cheaper than re-arming for each operation that ends in time.
    unique_function<void()> dropped;
    const std::lock_guard lock{mutex_};
    const auto found = alarms_.find(a);
    if (found == alarms_.end())
        return false;
    dropped = std::move(found->second);
    alarms_.erase(found);
    return true;
}

std::size_t backstage::pending() const
{
    const std::lock_guard lock{mutex_};
    return alarms_.size();
}

void backstage::arm()
{
    armed_for_ = alarms_.begin()->first.first;
    timer_.expires_at(armed_for_);
    timer_.async_wait([this](const boost::system::error_code& ec) {
        if (!ec)
            ring();
    });
}

void backstage::ring()
{
    std::vector<unique_function<void()>> due;
    {
        const std::lock_guard lock{mutex_};
        const auto now = clock::now();
        while (!alarms_.empty() && alarms_.begin()->first.first <= now) {
            due.push_back(std::move(alarms_.begin()->second));
            alarms_.erase(alarms_.begin());
        }
        armed_for_ = clock::time_point::max();
        if (!alarms_.empty())
            arm();
    }
    for (auto& f : due)
        f();
}

}  // namespace turnstile::inline v0::detail

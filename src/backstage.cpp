#include "backstage.hpp"

#include "fork_guard.hpp"
#include "sdk_thread.hpp"
#include "simulated_host.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include <pthread.h>
#include <signal.h>

namespace turnstile::inline v0::detail {

namespace {

thread_local bool is_sdk_thread = false;

class backstage_thread final : public backstage {
public:
    backstage_thread();

    void post(unique_function<void()> f) override;
    boost::asio::any_io_executor executor() override { return context_.get_executor(); }
    alarm at(clock::time_point when, unique_function<void()> f) override;
    bool cancel(const alarm& a) override;
    std::size_t pending() const override;

private:
    void ring();
    void arm();

    boost::asio::io_context context_;
    mutable std::mutex mutex_;
    // Guarded by mutex_.
    std::map<alarm, unique_function<void()>> alarms_;
    std::uint64_t last_alarm_ = 0;
    boost::asio::steady_timer timer_;
    clock::time_point armed_for_ = clock::time_point::max();
};

}  // namespace

bool on_sdk_thread() noexcept { return is_sdk_thread; }

void mark_sdk_thread() noexcept { is_sdk_thread = true; }

backstage& backstage::get()
{
    if (auto* host = simulated_host::current())
        return host->stage();
    static std::mutex making;
    static backstage* current = nullptr;
    static std::uint32_t made_in = 0;
    const std::lock_guard one_at_a_time{making};
    if (!current || made_in != fork_generation()) {
        current = new backstage_thread;  // the parent's, in a forked child, is unusable and must not be touched
        made_in = fork_generation();
    }
    return *current;
}

backstage_thread::backstage_thread() : timer_{context_}
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

void backstage_thread::post(unique_function<void()> f) { boost::asio::post(context_, std::move(f)); }

backstage::alarm backstage_thread::at(clock::time_point when, unique_function<void()> f)
{
    const std::lock_guard lock{mutex_};
    const alarm a{when, ++last_alarm_};
    alarms_.emplace(a, std::move(f));
    if (when < armed_for_)
        arm();
    return a;
}

bool backstage_thread::cancel(const alarm& a)
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

std::size_t backstage_thread::pending() const
{
    const std::lock_guard lock{mutex_};
    return alarms_.size();
}

void backstage_thread::arm()
{
    armed_for_ = alarms_.begin()->first.first;
    timer_.expires_at(armed_for_);
    timer_.async_wait([this](const boost::system::error_code& ec) {
        if (!ec)
            ring();
    });
}

void backstage_thread::ring()
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

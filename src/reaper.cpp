#include "reaper.hpp"

#include "sdk_thread.hpp"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

namespace turnstile::inline v0::detail {

namespace {

/// At exit the sessions that are being closed get a moment to say so to their servers: a lock that is left behind by a clean
/// exit would block its line for a whole session timeout.
class pending_tasks {
public:
    void begin()
    {
        const std::lock_guard lock{mutex_};
        ++count_;
    }
    void end()
    {
        const std::lock_guard lock{mutex_};
        --count_;
        none_.notify_all();
    }
    void wait_at_exit()
    {
        if (::getpid() != pid_)
            return;  // a forked child has none of these threads
        std::unique_lock lock{mutex_};
        none_.wait_for(lock, std::chrono::seconds{5}, [this] { return count_ == 0; });
    }

private:
    const pid_t pid_ = ::getpid();
    std::mutex mutex_;
    std::condition_variable none_;
    int count_ = 0;
};

/// Never destroyed: threads may outlive static storage.
pending_tasks& pending()
{
    static auto* const tasks = new pending_tasks;
    static const struct at_exit {
        at_exit() = default;
        ~at_exit() { pending().wait_at_exit(); }
    } waits;
    static_cast<void>(waits);
    return *tasks;
}

}  // namespace

void reaper::run(unique_function<void()> task)
{
    pending().begin();
    // What the task starts (libzookeeper's threads) inherits this mask: signals are the application's.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    std::thread{[task = std::move(task)]() mutable {
        mark_sdk_thread();
        task();
        task = nullptr;
        pending().end();
    }}.detach();
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

}  // namespace turnstile::inline v0::detail

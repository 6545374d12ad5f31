#include "notifier.hpp"

#include "fork_guard.hpp"
#include "sdk_thread.hpp"
#include "simulated_host.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include <mutex>
#include <utility>

#include <pthread.h>
#include <signal.h>

namespace turnstile::inline v0::detail {

void post_to_notifier(unique_function<void()> f)
{
    if (auto* host = simulated_host::current())
        return host->notify(std::move(f));
    static std::mutex making;
    static boost::asio::thread_pool* pool = nullptr;
    static std::uint32_t made_in = 0;
    const std::lock_guard one_at_a_time{making};
    if (!pool || made_in != fork_generation()) {
        // Signals are the application's, here too.
        sigset_t all;
        sigset_t before;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        pool = new boost::asio::thread_pool{1};  // never destroyed, as the backstage
        pthread_sigmask(SIG_SETMASK, &before, nullptr);
        made_in = fork_generation();
    }
    boost::asio::post(*pool, [f = std::move(f)]() mutable {
        mark_sdk_thread();
        f();
    });
}

}  // namespace turnstile::inline v0::detail

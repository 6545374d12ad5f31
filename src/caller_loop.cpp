#include <turnstile/blocking.hpp>

#include "fork_guard.hpp"
#include "sdk_thread.hpp"

#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace turnstile::inline v0::blocking::detail {

namespace {

using boost::asio::io_context;

thread_local bool waiting = false;

/// Loops of threads that have ended, for those to come. A loop is never destroyed: the thread that has just answered may
/// still be on its way out of posting to it when the waiter has gone on, and ended. After a fork the parent's are of no use:
/// the two would take each other's wake-ups.
class spare_loops {
public:
    static io_context* take()
    {
        const std::lock_guard lock{all().mutex_};
        all().forget_the_parents();
        if (all().loops_.empty())
            return new io_context{1};
        auto* loop = all().loops_.back();
        all().loops_.pop_back();
        return loop;
    }
    static void give_back(io_context* loop)
    {
        const std::lock_guard lock{all().mutex_};
        all().forget_the_parents();
        all().loops_.push_back(loop);
    }

private:
    static spare_loops& all()
    {
        static auto* const spares = new spare_loops;  // threads may outlive static storage
        return *spares;
    }

    void forget_the_parents()
    {
        if (std::exchange(made_in_, turnstile::detail::fork_generation()) != turnstile::detail::fork_generation())
            loops_.clear();
    }

    std::mutex mutex_;
    // Guarded by mutex_.
    std::vector<io_context*> loops_;
    std::uint32_t made_in_ = 0;
};

/// The calling thread's loop.
class own_loop {
public:
    own_loop() = default;
    own_loop(const own_loop&) = delete;
    own_loop& operator=(const own_loop&) = delete;
    ~own_loop()
    {
        if (loop_ && made_in_ == turnstile::detail::fork_generation())
            spare_loops::give_back(loop_);
    }

    io_context& get()
    {
        if (std::exchange(made_in_, turnstile::detail::fork_generation()) != turnstile::detail::fork_generation())
            loop_ = spare_loops::take();
        return *loop_;
    }

private:
    io_context* loop_ = nullptr;
    std::uint32_t made_in_ = 0;
};

}  // namespace

caller_loop::caller_loop()
{
    if (waiting)
        throw error{errc::would_deadlock, "wait", {}, "inside another wait of this thread"};
    if (turnstile::detail::on_sdk_thread())
        throw error{errc::would_deadlock, "wait", {}, "on a thread of the SDK"};
    thread_local own_loop loop;
    context_ = &loop.get();
    waiting = true;
}

caller_loop::~caller_loop() { waiting = false; }

}  // namespace turnstile::inline v0::blocking::detail

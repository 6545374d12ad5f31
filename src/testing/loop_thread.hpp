// A thread with a loop of its own, on which others have things done.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <future>
#include <thread>
#include <utility>

namespace turnstile::inline v0::testing {

class loop_thread {
public:
    loop_thread() = default;
    loop_thread(const loop_thread&) = delete;
    loop_thread& operator=(const loop_thread&) = delete;
    ~loop_thread() { finish(); }

    boost::asio::io_context& loop() noexcept { return loop_; }

    void start()
    {
        thread_ = std::thread{[this] { loop_.run(); }};
    }

    /// Returns when all that waits on the loop has ended: the caller has seen to it that it does.
    void finish()
    {
        work_.reset();
        if (thread_.joinable())
            thread_.join();
    }

    /// Runs it on the loop and waits for that: the loop itself never waits for anybody.
    template <class Function>
    auto run(Function function) -> decltype(function())
    {
        std::packaged_task<decltype(function())()> task{std::move(function)};
        auto done = task.get_future();
        boost::asio::post(loop_, std::move(task));
        return done.get();
    }

private:
    boost::asio::io_context loop_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_ = boost::asio::make_work_guard(loop_);
    std::thread thread_;
};

}  // namespace turnstile::inline v0::testing

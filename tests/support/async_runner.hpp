// Runs coroutines of a test on a thread of its own, and lets the test wait for them, or cancel them.
#pragma once

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>

#include <chrono>
#include <exception>
#include <future>
#include <memory>
#include <optional>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace turnstile::test {

/// A coroutine under way.
template <class T>
class running {
public:
    running(std::future<T> result, std::shared_ptr<boost::asio::cancellation_signal> stop,
            boost::asio::any_io_executor executor)
        : result_{std::move(result)}, stop_{std::move(stop)}, executor_{std::move(executor)}
    {
    }

    bool done(std::chrono::milliseconds within = std::chrono::milliseconds{0}) const
    {
        return result_.wait_for(within) == std::future_status::ready;
    }

    /// Its value, or its exception; a std::runtime_error when it takes more than twenty seconds.
    T get()
    {
        if (!done(std::chrono::seconds{20}))
            throw std::runtime_error{"the coroutine has not ended within 20 s"};
        return result_.get();
    }

    void cancel()
    {
        boost::asio::post(executor_, [stop = stop_] { stop->emit(boost::asio::cancellation_type::terminal); });
    }

private:
    std::future<T> result_;
    std::shared_ptr<boost::asio::cancellation_signal> stop_;
    boost::asio::any_io_executor executor_;
};

class async_runner {
public:
    async_runner()
        : work_{boost::asio::make_work_guard(context_)}, thread_{[this] {
              context_.run();
              ended_.set_value();
          }}
    {
    }
    async_runner(const async_runner&) = delete;
    async_runner& operator=(const async_runner&) = delete;
    /// Cancels what is still under way, and sees it end: the SDK resumes waiting coroutines here.
    ~async_runner()
    {
        boost::asio::post(context_, [all = stops_] {
            for (const auto& stop : all)
                stop->emit(boost::asio::cancellation_type::terminal);
        });
        work_.reset();
        if (ended_.get_future().wait_for(std::chrono::seconds{20}) != std::future_status::ready)
            context_.stop();
        thread_.join();
    }

    template <class T>
    running<T> spawn(boost::asio::awaitable<T> what)
    {
        auto promise = std::make_shared<std::promise<T>>();
        auto future = promise->get_future();
        auto stop = std::make_shared<boost::asio::cancellation_signal>();
        stops_.push_back(stop);
        boost::asio::any_io_executor executor = context_.get_executor();
        auto done = [promise, stop](std::exception_ptr failed) {
            if (failed)
                promise->set_exception(failed);
        };
        boost::asio::post(executor, [executor, promise, stop, done, what = std::move(what)]() mutable {
            co_spawn(executor, fulfil(promise, std::move(what)), boost::asio::bind_cancellation_slot(stop->slot(), done));
        });
        return {std::move(future), std::move(stop), executor};
    }

    boost::asio::io_context& context() noexcept { return context_; }

private:
    template <class T>
    static boost::asio::awaitable<void> fulfil(std::shared_ptr<std::promise<T>> promise, boost::asio::awaitable<T> what)
    {
        if constexpr (std::is_void_v<T>) {
            co_await std::move(what);
            promise->set_value();
        } else {
            promise->set_value(co_await std::move(what));
        }
    }

    boost::asio::io_context context_;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
    std::vector<std::shared_ptr<boost::asio::cancellation_signal>> stops_;
    std::promise<void> ended_;
    std::thread thread_;
};

}  // namespace turnstile::test

// Waiting, the only way it is done in the SDK: one answer, at most one deadline, at most one cancellation, and exactly one
// of them resumes the waiting coroutine, on its own executor.
#pragma once

#include <turnstile/deadline.hpp>
#include <turnstile/error.hpp>

#include "backstage.hpp"
#include "unique_function.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>

#include <memory>
#include <mutex>
#include <optional>
#include <utility>

namespace turnstile::inline v0::detail {

/// The place where an answer is expected. Completing it a second time has no effect.
template <class T>
class once {
public:
    explicit once(unique_function<void(T)> resume) : resume_{std::move(resume)} {}

    /// True for the one call that wins.
    bool complete(T value)
    {
        unique_function<void(T)> resume;
        std::optional<backstage::alarm> alarm;
        {
            const std::lock_guard lock{mutex_};
            if (!resume_)
                return false;
            resume = std::move(resume_);
            alarm = std::exchange(alarm_, std::nullopt);
        }
        if (alarm)
            backstage::get().cancel(*alarm);
        resume(std::move(value));
        return true;
    }

    bool done()
    {
        const std::lock_guard lock{mutex_};
        return !resume_;
    }

    /// Calls `f` at the deadline, unless the answer is there before. Once.
    void alarm_at(deadline::clock::time_point when, unique_function<void()> f)
    {
        const std::lock_guard lock{mutex_};
        if (resume_)
            alarm_ = backstage::get().at(when, std::move(f));
    }

private:
    std::mutex mutex_;
    // Guarded by mutex_: empty once completed.
    unique_function<void(T)> resume_;
    std::optional<backstage::alarm> alarm_;
};

/// Suspends the coroutine until the answer comes. `start(once)` begins; `give_up(once, ec)` is told of a passed deadline
/// (errc::deadline_exceeded) or a cancellation (operation_aborted) and must see to it that the `once` completes.
template <class T, class Start, class GiveUp>
boost::asio::awaitable<T> await_once(deadline until, Start start, GiveUp give_up)
{
    auto initiate = [&](auto handler) {
        // Tracked: the context has work to do for as long as the handler waits.
        auto executor = boost::asio::prefer(boost::asio::get_associated_executor(handler),
                                            boost::asio::execution::outstanding_work.tracked);
        auto slot = boost::asio::get_associated_cancellation_slot(handler);
        unique_function<void(T)> resume = [executor = std::move(executor), handler = std::move(handler)](T value) mutable {
            // The work goes with the handler: when it ended on this thread, that could be after the context itself.
            const auto to = boost::asio::prefer(executor, boost::asio::execution::outstanding_work.untracked);
            auto deliver = [work = std::move(executor), handler = std::move(handler),
                            value = std::optional<T>{std::move(value)}]() mutable { handler(std::move(value)); };
            boost::asio::post(to, std::move(deliver));
        };
        auto answer = std::make_shared<once<T>>(std::move(resume));
        if (slot.is_connected())
            slot.assign([answer, give_up](boost::asio::cancellation_type) {
                give_up(answer, error_code{boost::asio::error::operation_aborted});
            });
        // The answer may come, and the coroutine may end on another thread, before `start` has returned: nothing of its
        // frame is touched afterwards. And the alarm only after the start: there is nothing to give up before.
        const auto when = until;
        auto give_up_late = [weak = std::weak_ptr{answer}, give_up] {
            if (auto waiting = weak.lock())
                give_up(waiting, error_code{errc::deadline_exceeded});
        };
        auto begin = start;  // NOLINT(performance-unnecessary-copy-initialization): outlives the frame
        begin(answer);
        if (!when.is_never())
            answer->alarm_at(when.when(), std::move(give_up_late));
    };
    // optional: Asio would throw a bare error_code instead of returning it.
    auto waiting =
        boost::asio::async_initiate<const boost::asio::deferred_t&, void(std::optional<T>)>(initiate, boost::asio::deferred);
    auto value = co_await std::move(waiting);
    co_return std::move(*value);
}

}  // namespace turnstile::inline v0::detail

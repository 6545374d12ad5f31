// The window of one producer: one write at a time, and all who come meanwhile share the next.
#pragma once

#include <turnstile/latch.hpp>
#include <turnstile/recipes/replay_window.hpp>
#include <turnstile/session.hpp>

#include "window_record.hpp"

#include <boost/asio/awaitable.hpp>

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace turnstile::inline v0::detail {

/// Somebody who asks about a number.
struct window_question {
    std::uint32_t epoch;
    std::uint64_t number;
    bool gives_back = false;  ///< it was taken for somebody who had gone

    // Written before the latch opens.
    replay answer = replay::too_old;
    error_code failed;
    latch answered;

    /// Whichever comes second knows that the other came first.
    enum class end : unsigned char { none, told, abandoned };
    std::atomic<end> over{end::none};

    window_question(std::uint32_t e, std::uint64_t n) : epoch{e}, number{n} {}
};

using window_question_ptr = std::shared_ptr<window_question>;

/// A number was taken for it.
bool is_taken(const window_question& q);
/// Gives it back.
window_question_ptr undo(const window_question& q);

class producer_window : public std::enable_shared_from_this<producer_window> {
public:
    producer_window(session s, std::string path, const replay_options& how)
        : session_{std::move(s)}, path_{std::move(path)}, known_{how.window, how.epochs}
    {
    }

    void ask(std::vector<window_question_ptr> some);

private:
    static boost::asio::awaitable<void> serve(std::shared_ptr<producer_window> self);

    /// Until it is certain, or the session is closed.
    static boost::asio::awaitable<error_code> answer(std::shared_ptr<producer_window> self,
                                                     std::vector<window_question_ptr> batch);
    static void apply(window_record& w, window_question& q);
    static boost::asio::awaitable<error_code> read(std::shared_ptr<producer_window> self);
    static boost::asio::awaitable<error_code> write(std::shared_ptr<producer_window> self, window_record next);

    /// The version before a create.
    static constexpr std::int32_t nothing = -1;

    const session session_;
    const std::string path_;

    // Of the one who is at work.
    window_record known_;
    std::optional<std::int32_t> version_;  // nullopt: it has to be read

    std::mutex mutex_;
    // Guarded by mutex_.
    std::deque<window_question_ptr> waiting_;
    bool at_work_ = false;
};

}  // namespace turnstile::inline v0::detail

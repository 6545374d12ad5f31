#include "producer_window.hpp"

#include <turnstile/lending.hpp>

#include "claim.hpp"
#include "retry.hpp"

#include <boost/asio/co_spawn.hpp>

#include <exception>

namespace turnstile::inline v0::detail {

using boost::asio::awaitable;

namespace {

bool again(const error_code& ec) { return worth_another_try(ec, deadline::never()) || ec == errc::session_expired; }

}  // namespace

bool is_taken(const window_question& q) { return !q.failed && !q.gives_back && q.answer == replay::fresh; }

window_question_ptr undo(const window_question& q)
{
    auto u = std::make_shared<window_question>(q.epoch, q.number);
    u->gives_back = true;
    return u;
}

void producer_window::ask(std::vector<window_question_ptr> some)
{
    {
        const std::lock_guard lock{mutex_};
        for (auto& q : some)
            waiting_.push_back(std::move(q));
        if (std::exchange(at_work_, true))
            return;
    }
    boost::asio::co_spawn(errand_executor(), serve(shared_from_this()), [](const std::exception_ptr&) {});
}

awaitable<void> producer_window::serve(std::shared_ptr<producer_window> self)
{
    while (true) {
        std::vector<window_question_ptr> batch;
        {
            const std::lock_guard lock{self->mutex_};
            batch.assign(self->waiting_.begin(), self->waiting_.end());
            self->waiting_.clear();
            self->at_work_ = !batch.empty();
        }
        if (batch.empty())
            co_return;
        auto answering = answer(self, batch);
        const auto ec = co_await std::move(answering);
        std::vector<window_question_ptr> given_back;
        for (const auto& q : batch) {
            q->failed = ec;
            if (q->over.exchange(window_question::end::told) == window_question::end::abandoned && is_taken(*q))
                given_back.push_back(undo(*q));
            q->answered.open();
        }
        const std::lock_guard lock{self->mutex_};
        for (auto& q : given_back)
            self->waiting_.push_back(std::move(q));
    }
}

awaitable<error_code> producer_window::answer(std::shared_ptr<producer_window> self, std::vector<window_question_ptr> batch)
{
    bool is_new = false;
    while (true) {
        if (!self->version_) {
            auto reading = read(self);
            const auto ec = co_await std::move(reading);
            if (ec)
                co_return ec;
            is_new = true;
        }
        auto next = self->known_;
        for (const auto& q : batch)
            apply(next, *q);
        if (next == self->known_ && is_new)
            co_return error_code{};
        if (next == self->known_) {
            // A number that came before may have been given back meanwhile, by another receiver.
            self->version_.reset();
            continue;
        }
        auto writing = write(self, std::move(next));
        const auto written = co_await std::move(writing);
        if (written != errc::bad_version)
            co_return written;
        is_new = true;  // another receiver has written: with what it has taken, everything may be otherwise
    }
}

void producer_window::apply(window_record& w, window_question& q)
{
    if (q.gives_back)
        return w.give_back(q.epoch, q.number);
    if (q.over != window_question::end::abandoned)
        q.answer = w.accept(q.epoch, q.number);
}

awaitable<error_code> producer_window::read(std::shared_ptr<producer_window> self)
{
    while (true) {
        op::get look{self->path_};
        const auto found = co_await self->session_.run(std::move(look));
        if (found.ok() || found.ec == errc::no_node) {
            self->known_.read(found.data);
            self->version_ = found.ok() ? found.stat.version : nothing;
            co_return error_code{};
        }
        if (!again(found.ec))
            co_return found.ec;
    }
}

awaitable<error_code> producer_window::write(std::shared_ptr<producer_window> self, window_record next)
{
    const auto mark = new_claim_mark(self->session_);
    const auto text = next.to_text(mark);
    while (true) {
        pipeline p;
        if (*self->version_ == nothing)
            p.add(op::create{self->path_, text});
        else
            p.add(op::set{self->path_, text, *self->version_});
        p.add(op::get{self->path_});
        const auto answers = co_await self->session_.run(std::move(p));
        const auto ec = answers[0].ec;
        const bool another = ec == errc::bad_version || ec == errc::node_exists || ec == errc::no_node;
        const bool ours_after_all = another && answers[1].ok() && mark_of_window(answers[1].data) == mark;
        if (!ec || ours_after_all) {
            self->known_ = std::move(next);
            self->version_ = ours_after_all ? answers[1].stat.version : *self->version_ + 1;
            co_return error_code{};
        }
        if (another && answers[1].ec && answers[1].ec != errc::no_node)
            continue;  // who it is could not be read
        if (another && answers[1].ok()) {
            self->known_.read(answers[1].data);
            self->version_ = answers[1].stat.version;
            co_return errc::bad_version;
        }
        self->version_.reset();
        if (another)
            co_return errc::bad_version;
        if (!again(ec))
            co_return ec;
        // In doubt: what stands there tells, with our mark or without.
        auto reading = read(self);
        const auto unread = co_await std::move(reading);
        if (unread)
            co_return unread;
        if (self->known_ == next)
            co_return error_code{};
        co_return errc::bad_version;
    }
}

}  // namespace turnstile::inline v0::detail

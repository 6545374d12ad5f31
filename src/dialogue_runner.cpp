#include "dialogue_runner.hpp"

#include "session_core.hpp"

#include <utility>

namespace turnstile::inline v0::detail {

dialogue_runner::dialogue_runner(std::shared_ptr<session_core> core, std::shared_ptr<dialogue> machine, epoch in)
    : core_{std::move(core)}, machine_{std::move(machine)}, in_{in}, box_{core_->make_mailbox()}
{
}

void dialogue_runner::start(std::shared_ptr<once<error_code>> waiting)
{
    {
        const std::lock_guard lock{mutex_};
        waiting_ = std::move(waiting);
    }
    proceed(machine_->begin());
}

void dialogue_runner::give_up(error_code why) { finish(why); }

bool dialogue_runner::enter(state from)
{
    const std::lock_guard lock{mutex_};
    if (state_ != from)
        return false;
    state_ = state::running;
    return true;
}

bool dialogue_runner::leave(state to)
{
    const std::lock_guard lock{mutex_};
    if (state_ == state::over)
        return false;
    state_ = to;
    return true;
}

void dialogue_runner::proceed(dialogue::move next)
{
    while (true) {
        switch (next.what) {
            case dialogue::move::kind::ask:
                return ask(std::move(next.question));
            case dialogue::move::kind::done:
                return finish(next.result);
            case dialogue::move::kind::wait: {
                auto news = wait(next.until);
                if (!news)
                    return;
                next = std::move(*news);
            }
        }
    }
}

void dialogue_runner::ask(std::vector<operation> question)
{
    if (!leave(state::asking))
        return;
    core_->fly(
        std::move(question), in_,
        [self = shared_from_this()](const std::vector<outcome>& answers) { self->on_answers(answers); }, box_);
}

void dialogue_runner::on_answers(const std::vector<outcome>& answers)
{
    if (enter(state::asking))
        proceed(machine_->answered(answers));
}

std::optional<dialogue::move> dialogue_runner::wait(deadline until)
{
    while (true) {
        auto [event, over] = core_->take(*box_, [weak = weak_from_this()] {
            if (const auto self = weak.lock())
                self->on_news();
        });
        if (event)
            return machine_->happened(*event);
        if (over)
            return dialogue::move::done(over);
        const std::lock_guard lock{mutex_};
        if (state_ == state::over)
            return std::nullopt;
        if (std::exchange(news_, false))
            continue;
        state_ = state::waiting;
        arm(until);
        return std::nullopt;
    }
}

/// Under the mutex.
void dialogue_runner::arm(deadline until)
{
    if (until.is_never() || alarm_)
        return;
    alarm_ = backstage::get().at(until.when(), [weak = weak_from_this()] {
        if (const auto self = weak.lock())
            self->on_alarm();
    });
}

void dialogue_runner::on_news()
{
    {
        const std::lock_guard lock{mutex_};
        if (state_ != state::waiting) {
            news_ = true;
            return;
        }
        state_ = state::running;
    }
    proceed(dialogue::move::wait());
}

void dialogue_runner::on_alarm()
{
    {
        const std::lock_guard lock{mutex_};
        alarm_.reset();
        if (state_ != state::waiting)
            return;
        state_ = state::running;
    }
    proceed(machine_->waited());
}

void dialogue_runner::finish(error_code result)
{
    std::shared_ptr<once<error_code>> waiting;
    std::optional<backstage::alarm> alarm;
    {
        const std::lock_guard lock{mutex_};
        if (std::exchange(state_, state::over) == state::over)
            return;
        waiting = std::move(waiting_);
        alarm = std::exchange(alarm_, std::nullopt);
    }
    if (alarm)
        backstage::get().cancel(*alarm);
    core_->forget(box_);
    waiting->complete(result);
}

}  // namespace turnstile::inline v0::detail

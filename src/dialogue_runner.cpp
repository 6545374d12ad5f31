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

/// The conversation ends with the machine at rest, so that its owner may read it: a step that is under way is the last, and
/// a question that is given up is answered.
void dialogue_runner::give_up(error_code why)
{
    std::shared_ptr<flight> asked;
    {
        const std::lock_guard lock{mutex_};
        if (!given_up_)
            given_up_ = why;
        if (state_ == state::asking)
            asked = asked_.lock();
        if (state_ != state::waiting && !asked)
            return;
        if (!asked)
            state_ = state::running;
    }
    if (asked)
        core_->give_up(*asked, why);
    else
        finish(why);
}

bool dialogue_runner::enter(state from)
{
    const std::lock_guard lock{mutex_};
    if (state_ != from)
        return false;
    state_ = state::running;
    asked_.reset();  // a weak pointer, too, would keep the flight's memory
    return true;
}

bool dialogue_runner::leave(state to, std::weak_ptr<flight> asked)
{
    error_code given_up;
    {
        const std::lock_guard lock{mutex_};
        given_up = given_up_;
        if (!given_up) {
            state_ = to;
            asked_ = std::move(asked);
            return true;
        }
    }
    finish(given_up);
    return false;
}

void dialogue_runner::proceed(dialogue::move next)
{
    while (true) {
        switch (next.what) {
            case dialogue::move::kind::ask:
                return ask(std::move(next));
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

void dialogue_runner::ask(dialogue::move what)
{
    auto f = std::make_shared<flight>(std::move(what.question), [self = shared_from_this()](std::vector<outcome> answers) {
        self->on_answers(std::move(answers));
    });
    f->in = in_;
    f->box = box_;
    f->together = what.together != 0;
    f->line = what.together;
    f->errand = std::exchange(let_in_, true);
    if (leave(state::asking, f))
        core_->submit(std::move(f));
}

void dialogue_runner::on_answers(std::vector<outcome> answers)
{
    if (enter(state::asking))
        proceed(machine_->answered(std::move(answers)));
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
        if (given_up_)
            return dialogue::move::done(given_up_);
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

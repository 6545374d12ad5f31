// Runs a dialogue: asks its questions, brings it answers and events, and tells how it ended, once.
#pragma once

#include <turnstile/dialogue.hpp>
#include <turnstile/session.hpp>

#include "backstage.hpp"
#include "flight.hpp"
#include "mailbox.hpp"
#include "once.hpp"

#include <memory>
#include <mutex>
#include <optional>

namespace turnstile::inline v0::detail {

class dialogue_runner : public std::enable_shared_from_this<dialogue_runner> {
public:
    dialogue_runner(std::shared_ptr<session_core> core, std::shared_ptr<dialogue> machine, epoch in);

    void start(std::shared_ptr<once<error_code>> waiting);
    /// The caller's deadline has passed, or it was cancelled: nothing more is asked, and no watch is left. What has been
    /// asked is given up, and the machine hears as much of the answers as has come.
    void give_up(error_code why);

private:
    /// Who may call the machine: `running` belongs to one thread; the other states are left by whoever brings what they wait
    /// for.
    enum class state : unsigned char { running, asking, waiting, over };

    bool enter(state from);
    /// After a step of the machine. False when the caller gave up meanwhile: then this was the last.
    bool leave(state to, std::weak_ptr<flight> asked = {});
    void proceed(dialogue::move next);
    void ask(dialogue::move what);
    /// The next move if there is news already; otherwise it comes when there is some.
    std::optional<dialogue::move> wait(deadline until);
    void arm(deadline until);
    void on_answers(std::vector<outcome> answers);
    void on_news();
    void on_alarm();
    void finish(error_code result);

    const std::shared_ptr<session_core> core_;
    const std::shared_ptr<dialogue> machine_;
    const epoch in_;
    const std::shared_ptr<mailbox> box_;
    bool let_in_ = false;  // by whoever runs the machine: the first question was admitted, the others belong to it

    // Never held while the machine or the core is called: both may come back at once.
    std::mutex mutex_;
    // Guarded by mutex_.
    state state_ = state::running;
    bool news_ = false;  // came while nobody waited
    error_code given_up_;
    std::weak_ptr<flight> asked_;
    std::shared_ptr<once<error_code>> waiting_;
    std::optional<backstage::alarm> alarm_;
};

}  // namespace turnstile::inline v0::detail

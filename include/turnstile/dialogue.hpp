// A conversation with the servers as a machine without I/O: answers and events in, the next move out. For recipes, the SDK's
// and yours, that take several steps of which nobody needs to be woken in between.
//
//     class until_gone final : public dialogue { … };
//     auto ec = co_await session.converse(std::make_shared<until_gone>("/a"), session.epoch());
//
// The session runs it where answers arrive, on a thread of its own: a step costs no wake-up of the waiting coroutine, and a
// waiter no coroutine frame. So a dialogue must only decide: it must not block, call the session, or throw. Its calls never
// overlap, and none comes after the conversation has ended: then it may be read. Being pure, it is tested without a server.
#pragma once

#include <turnstile/deadline.hpp>
#include <turnstile/error.hpp>
#include <turnstile/operation.hpp>
#include <turnstile/watch.hpp>

#include <cstddef>
#include <utility>
#include <vector>

namespace turnstile::inline v0 {

class dialogue {
public:
    /// What comes next.
    struct move {
        enum class kind { ask, wait, done };

        kind what = kind::wait;
        std::vector<operation> question;  ///< ask: one flight; operations with `watch` set tell their events here
        /// ask: the question is one create and reads of children behind it, and may share a transaction with those of other
        /// conversations. Two of one number never do: a shared zxid must not be two tokens of one line. 0: it travels alone.
        std::size_t together = 0;
        deadline until;     ///< wait: for an event, or until then
        error_code result;  ///< done

        static move ask(std::vector<operation> q, std::size_t together = 0)
        {
            move m;
            m.what = kind::ask;
            m.question = std::move(q);
            m.together = together;
            return m;
        }
        static move wait(deadline until = {})
        {
            move m;
            m.until = until;
            return m;
        }
        static move done(error_code ec = {})
        {
            move m;
            m.what = kind::done;
            m.result = ec;
            return m;
        }

    private:
        move() = default;
    };

    dialogue() = default;
    dialogue(const dialogue&) = delete;
    dialogue& operator=(const dialogue&) = delete;
    virtual ~dialogue() = default;

    virtual move begin() = 0;
    /// To the last question, one answer per operation.
    virtual move answered(std::vector<outcome> answers) = 0;
    virtual move happened(const watch_event& event) = 0;
    /// The deadline of the last wait has passed.
    virtual move waited() = 0;
};

}  // namespace turnstile::inline v0

// Several operations in one flight: sent back to back, executed in order, answered together. Not atomic (that is
// `transaction`): each has an answer of its own. One round trip and one resumption, however many they are.
//
//     pipeline p;
//     p.add(op::create{"/line/x-", "", create_mode::ephemeral_sequential}).add(op::children{"/line"});
//     auto answers = co_await session.run(std::move(p));    // answers[1] shows what answers[0] created
#pragma once

#include <turnstile/operation.hpp>
#include <turnstile/watch.hpp>

#include <memory>
#include <utility>
#include <vector>

namespace turnstile::inline v0 {

class pipeline {
public:
    pipeline() = default;

    pipeline& add(operation o)
    {
        operations_.push_back(std::move(o));
        return *this;
    }

    /// An operation that leaves a watch which reports to `w`. The operation's `watch` is set for you; one that cannot leave
    /// a watch is refused by run() (errc::bad_argument). All watched operations of one pipeline report to the same watcher.
    pipeline& add(operation o, const watcher& w)
    {
        watched_.push_back(operations_.size());
        box_ = w.box_;
        return add(std::move(o));
    }

    bool empty() const noexcept { return operations_.empty(); }
    std::size_t size() const noexcept { return operations_.size(); }

private:
    friend class session;
    std::vector<operation> operations_;
    std::vector<std::size_t> watched_;
    std::shared_ptr<detail::mailbox> box_;
};

}  // namespace turnstile::inline v0

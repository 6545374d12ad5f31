#include "testing/delivery_queue.hpp"

#include <algorithm>

namespace turnstile::inline v0::testing {

delivery_queue::turn delivery_queue::turn_of(channel c, const line& l)
{
    return {{l.waiting.front().due, l.waiting.front().number}, c};
}

void delivery_queue::enlist(channel c, const line& l)
{
    if (l.held || l.waiting.empty())
        return;
    heads_.insert(turn_of(c, l));
    changed_.notify_all();
}

void delivery_queue::delist(channel c, const line& l)
{
    if (!l.held && !l.waiting.empty())
        heads_.erase(turn_of(c, l));
}

delivery_queue::action delivery_queue::take_first(channel c, line& l)
{
    delist(c, l);
    auto run = std::move(l.waiting.front().run);
    l.waiting.pop_front();
    enlist(c, l);
    return run;
}

delivery_queue::channel delivery_queue::open(bool held)
{
    const std::lock_guard lock{mutex_};
    const channel c{++last_channel_};
    lines_[c].held = held;
    return c;
}

void delivery_queue::close(channel c)
{
    std::deque<delivery> dropped;  // destroyed after the lock is gone
    const std::lock_guard lock{mutex_};
    const auto found = lines_.find(c);
    if (found == lines_.end())
        return;
    delist(c, found->second);
    dropped.swap(found->second.waiting);
    lines_.erase(found);
}

void delivery_queue::hold(channel c, bool held)
{
    const std::lock_guard lock{mutex_};
    const auto found = lines_.find(c);
    if (found == lines_.end() || found->second.held == held)
        return;
    delist(c, found->second);
    found->second.held = held;
    enlist(c, found->second);
}

void delivery_queue::post(channel c, action run, clock::duration delay)
{
    const std::lock_guard lock{mutex_};
    const auto found = lines_.find(c);
    if (found == lines_.end() || stopped_)
        return;
    auto& l = found->second;
    auto due = clock::now() + delay;
    if (!l.waiting.empty())
        due = std::max(due, l.waiting.back().due);
    l.waiting.push_back(delivery{due, ++last_number_, std::move(run)});
    if (l.waiting.size() == 1)
        enlist(c, l);
}

bool delivery_queue::run_next()
{
    action run;
    {
        std::unique_lock lock{mutex_};
        while (!stopped_ && (heads_.empty() || heads_.begin()->first.first > clock::now())) {
            if (heads_.empty())
                changed_.wait(lock);
            else
                changed_.wait_until(lock, clock::time_point{heads_.begin()->first.first});
        }
        if (stopped_)
            return false;
        const auto c = heads_.begin()->second;
        run = take_first(c, lines_.at(c));
    }
    run();
    return true;
}

std::vector<delivery_queue::head> delivery_queue::heads() const
{
    const std::lock_guard lock{mutex_};
    std::vector<head> all;
    all.reserve(heads_.size());
    for (const auto& [when, c] : heads_)
        all.push_back(head{c, when.first});
    return all;
}

bool delivery_queue::run_first_of(channel c)
{
    action run;
    {
        const std::lock_guard lock{mutex_};
        const auto found = lines_.find(c);
        if (found == lines_.end() || found->second.waiting.empty())
            return false;
        run = take_first(c, found->second);
    }
    run();
    return true;
}

void delivery_queue::stop()
{
    std::map<channel, line> dropped;
    const std::lock_guard lock{mutex_};
    stopped_ = true;
    heads_.clear();
    dropped.swap(lines_);
    changed_.notify_all();
}

delivery_thread::delivery_thread(std::shared_ptr<delivery_queue> queue)
    : queue_{std::move(queue)}, thread_{[q = queue_] {
          while (q->run_next()) {}
      }}
{
}

delivery_thread::~delivery_thread()
{
    queue_->stop();
    if (thread_.get_id() == std::this_thread::get_id())
        thread_.detach();
    else
        thread_.join();
}

}  // namespace turnstile::inline v0::testing

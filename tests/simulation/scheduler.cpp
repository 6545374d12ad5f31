#include "scheduler.hpp"

#include "process_executor.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>

namespace turnstile::simulation {

namespace {

constexpr auto never = nanoseconds::max();
constexpr std::size_t notes_max = 1'000'000;

double in_ms(nanoseconds t) { return std::chrono::duration<double, std::milli>{t - std::chrono::hours{1}}.count(); }

}  // namespace

scheduler::scheduler(dice& d, census& c, roughness r) : dice_{d}, census_{c}, roughness_{r}
{
    processes_.emplace_back();
    install(this);
}

scheduler::~scheduler()
{
    wires_->stop();
    drop_everything();
    install(nullptr);
}

/// What is dropped may still cancel alarms, and post.
void scheduler::drop_everything()
{
    while (pending() != 0) {
        std::vector<task> dropped;
        for (auto& p : processes_)
            for (auto& q : p.queues)
                for (auto& [since, f] : std::exchange(q.waiting, {}))
                    dropped.push_back(std::move(f));
        for (auto& [a, entry] : std::exchange(alarms_, {}))
            dropped.push_back(std::move(entry.f));
    }
}

std::size_t scheduler::pending() const
{
    std::size_t count = alarms_.size();
    for (const auto& p : processes_)
        for (const auto& q : p.queues)
            count += q.waiting.size();
    return count;
}

process_id scheduler::add_process()
{
    processes_.emplace_back();
    return process_id{processes_.size() - 1};
}

void scheduler::push(process_id p, lane l, task f)
{
    of(p).queues[static_cast<std::size_t>(l)].waiting.emplace_back(now_, std::move(f));
}

void scheduler::later(nanoseconds delay, task f)
{
    const auto caller = std::exchange(current_, process_id::world);
    stage_.at(detail::backstage::clock::time_point{now_ + delay}, std::move(f));
    current_ = caller;
}

void scheduler::stop(process_id p, nanoseconds until) { of(p).stopped_until = until; }

void scheduler::wake(process_id p) { of(p).stopped_until = nanoseconds{0}; }

void scheduler::note(const std::string& what)
{
    if (!tracing_ || notes_.size() >= notes_max)
        return;
    notes_.push_back(fmt::format("{:>12.6f} {}", in_ms(now_), what));
}

// ---- The backstage

void scheduler::stage_hand::post(task f) { all_.push(all_.current_, lane::posted, std::move(f)); }

boost::asio::any_io_executor scheduler::stage_hand::executor()
{
    return process_executor{all_, all_.current_, lane::posted};
}

detail::backstage::alarm scheduler::stage_hand::at(clock::time_point when, task f)
{
    const alarm a{when, ++all_.last_alarm_};
    all_.alarms_.emplace(a, alarm_entry{all_.current_, std::move(f)});
    return a;
}

bool scheduler::stage_hand::cancel(const alarm& a)
{
    const auto cancelled = all_.alarms_.extract(a);
    return !cancelled.empty();
}

// ---- Choosing

void scheduler::offer(choice c, nanoseconds due)
{
    due = std::max(due, *c.stalled_until);
    if (c.p != process_id::world)
        due = std::max(due, of(c.p).stopped_until);
    if (due <= now_)
        ready_.push_back(c);
    else
        next_ = std::min(next_, due);
}

void scheduler::collect()
{
    ready_.clear();
    next_ = never;
    for (std::size_t p = 0; p < processes_.size(); ++p)
        for (std::size_t l = 0; l < lanes; ++l) {
            auto& q = processes_[p].queues[l];
            if (q.waiting.empty())
                continue;
            const auto since = q.waiting.front().first;
            offer({choice::kind::queue, since, process_id{p}, l, &q.stalled_until}, since);
        }
    // One thread rings the alarms of a process: the first of each.
    std::uint64_t seen = 0;
    for (const auto& [a, entry] : alarms_) {
        const auto bit = std::uint64_t{1} << static_cast<std::size_t>(entry.owner);
        if ((seen & bit) != 0)
            continue;
        seen |= bit;
        const auto when = a.first.time_since_epoch();
        offer({choice::kind::alarm, when, entry.owner, a.second, &of(entry.owner).alarms_stalled_until}, when);
    }
    for (const auto& head : wires_->heads()) {
        const auto when = head.due.time_since_epoch();
        const auto number = static_cast<std::size_t>(head.at);
        offer({choice::kind::wire, when, process_id::world, number, &wire_stalls_[head.at]}, when);
    }
}

bool scheduler::step(nanoseconds horizon)
{
    collect();
    if (ready_.empty()) {
        const auto next = std::min(next_, outside_ ? outside_() : never);
        if (next > horizon)
            return false;
        now_ = std::max(now_, next);
        return true;
    }
    ++steps_;
    const auto c = ready_[dice_.below(ready_.size())];
    if (dice_.one_in(roughness_.stall_one_in)) {
        *c.stalled_until = now_ + dice_.up_to(roughness_.stall_max);
        census_.count("stalls");
        return true;
    }
    if (std::any_of(ready_.begin(), ready_.end(), [&](const choice& other) { return other.since < c.since; }))
        census_.count("overtakings");
    run(c);
    now_ += dice_.up_to(roughness_.creep_max);
    return true;
}

void scheduler::run(const choice& c)
{
    if (tracing_)
        note(describe(c));
    current_ = c.p;
    switch (c.what) {
        case choice::kind::queue: {
            auto& q = of(c.p).queues[c.index].waiting;
            auto f = std::move(q.front().second);
            q.pop_front();
            current_lane_ = lane{c.index};
            f();
            current_lane_.reset();
            break;
        }
        case choice::kind::alarm: {
            const auto at =
                std::find_if(alarms_.begin(), alarms_.end(), [&](const auto& a) { return a.first.second == c.index; });
            auto f = std::move(at->second.f);
            alarms_.erase(at);
            f();
            break;
        }
        case choice::kind::wire:
            wires_->run_first_of(testing::delivery_queue::channel{c.index});
            break;
    }
    current_ = process_id::world;
}

std::string scheduler::describe(const choice& c) const
{
    static constexpr std::array<const char*, lanes> names{"inbox", "executor", "posted", "notifier"};
    switch (c.what) {
        case choice::kind::queue:
            return fmt::format("p{} {}", static_cast<std::size_t>(c.p), names[c.index]);
        case choice::kind::alarm:
            return fmt::format("p{} alarm {}", static_cast<std::size_t>(c.p), c.index);
        case choice::kind::wire:
            break;
    }
    return fmt::format("wire {}", c.index);
}

}  // namespace turnstile::simulation

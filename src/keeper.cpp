#include "keeper.hpp"

#include <turnstile/path.hpp>

#include "holding.hpp"
#include "session_core.hpp"

#include <spdlog/fmt/fmt.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace turnstile::inline v0::detail {

using namespace std::chrono_literals;

namespace {

/// The session's member node. Its owner is in its name, so a session finds its own and no other.
std::string member_path(const session_core& core)
{
    return join_path(core.options().members, fmt::format("{:016x}", static_cast<std::uint64_t>(core.id())));
}

}  // namespace

keeper::~keeper()
{
    if (alarm_)
        backstage::get().cancel(*alarm_);
}

void keeper::add(const std::shared_ptr<holding>& h)
{
    const std::lock_guard lock{mutex_};
    h->number = ++last_number_;
    holdings_.emplace(h->number, h);
    arm();
}

std::shared_ptr<void> keeper::keep_proving()
{
    const std::lock_guard lock{mutex_};
    ++provers_;
    arm();
    const auto stop = [core = core_.shared_from_this()](void* p) {
        auto& self = *static_cast<keeper*>(p);
        const std::lock_guard ending{self.mutex_};
        --self.provers_;
    };
    return {this, stop};
}

void keeper::remove(const holding* h)
{
    std::shared_ptr<mailbox> unwatched;
    {
        const std::lock_guard lock{mutex_};
        const auto at = holdings_.find(h->number);
        if (at == holdings_.end())
            return;
        holdings_.erase(at);
        unwatched = std::move(const_cast<holding*>(h)->own_watch);
    }
    if (unwatched)
        core_.forget(unwatched, true);  // the release's delete is what fires it
}

void keeper::lose_all(epoch in)
{
    for (const auto& h : live())
        if (h->in == in)
            h->lose();
}

std::vector<std::shared_ptr<holding>> keeper::live() const
{
    const std::lock_guard lock{mutex_};
    std::vector<std::shared_ptr<holding>> all;
    all.reserve(holdings_.size());
    for (const auto& [key, weak] : holdings_)
        if (auto h = weak.lock())
            all.push_back(std::move(h));
    return all;
}

void keeper::timeout_changed()
{
    const std::lock_guard lock{mutex_};
    if (!holdings_.empty() || provers_ != 0)
        arm();
}

/// When the newest proof of life is a quarter of the timeout old: two more heartbeats then fit in before it runs out.
void keeper::arm()
{
    const auto quarter = std::chrono::nanoseconds{core_.timeout()} / 4;
    auto wait = quarter;
    if (const auto clock = core_.clock_of(core_.current_epoch()); clock && !clock->over()) {
        const auto now = boot_clock::now();
        const auto due = clock->newest_proof() + quarter - now;
        const auto runs_out = clock->good_until() - now;
        if (due.count() > 0)
            wait = std::min(wait, std::chrono::nanoseconds{due});
        if (runs_out.count() > 0)
            wait = std::min(wait, std::chrono::nanoseconds{runs_out} + 1ms);
    }
    const auto when = backstage::clock::now() + std::max<std::chrono::nanoseconds>(wait, 1ms);
    if (alarm_ && alarm_->first <= when)
        return;
    // One alarm at a time: each tick sets the next, so a second one would live as long as anything is held.
    if (alarm_)
        backstage::get().cancel(*alarm_);
    alarm_ = backstage::get().at(when, [weak = core_.weak_from_this()] {
        if (const auto core = weak.lock())
            core->keeping().tick();
    });
}

void keeper::tick()
{
    const auto held = live();
    const auto in = core_.current_epoch();
    const auto clock = core_.clock_of(in);
    for (const auto& h : held)
        if (h->good() && h->in == in)
            watch_node(h);
    const bool stale = clock && !clock->over() && boot_clock::now() - clock->newest_proof() >= core_.timeout() / 4;
    if (stale && !feeding_.exchange(true))
        feed(in, [this, keep = core_.shared_from_this()](error_code) { feeding_ = false; });

    const std::lock_guard lock{mutex_};
    if (alarm_ && alarm_->first <= backstage::clock::now())
        alarm_.reset();
    if (!holdings_.empty() || provers_ != 0)
        arm();
}

void keeper::feed(epoch in, unique_function<void(error_code)> told)
{
    if (!core_.epoch_alive(in)) {
        if (told)
            told(errc::session_expired);
        return;
    }
    bool made = false;
    {
        const std::lock_guard lock{mutex_};
        made = member_made_in_ == in;
    }
    if (!made)
        return feed_first(in, std::move(told));
    auto on_answer = [this, in, keep = core_.shared_from_this(),
                      told = std::move(told)](const std::vector<outcome>& answers) mutable {
        const auto ec = answers.front().ec;
        if (ec == errc::no_node)
            return feed_first(in, std::move(told));  // somebody removed it
        if (told)
            told(ec);
    };
    core_.fly({op::set{member_path(core_), ""}}, in, std::move(on_answer));
}

/// Makes the member node, with what is missing above it, in one round trip.
void keeper::feed_first(epoch in, unique_function<void(error_code)> told)
{
    auto path = member_path(core_);
    std::vector<operation> creates;
    for (auto& prefix : path_prefixes(parent_path(path)))
        creates.emplace_back(op::create{std::move(prefix), "", create_mode::container});
    creates.emplace_back(op::create{std::move(path), "", create_mode::ephemeral});
    auto on_answer = [this, in, keep = core_.shared_from_this(),
                      told = std::move(told)](const std::vector<outcome>& answers) mutable {
        const auto ec = answers.back().ec;
        if (!ec || ec == errc::node_exists) {
            const std::lock_guard lock{mutex_};
            member_made_in_ = in;
        } else if (!in_doubt(ec) && !session_over(ec)) {
            SPDLOG_LOGGER_ERROR(&core_.log(),
                                "cannot make the member node under {}: {}; leases of this session will run out",
                                core_.options().members, ec.message());
        }
        if (ec == errc::node_exists)  // made by a create whose answer was lost: this has proven nothing yet
            return feed(in, std::move(told));
        if (told)
            told(ec);
    };
    core_.fly(std::move(creates), in, std::move(on_answer));
}

void keeper::watch_node(const std::shared_ptr<holding>& h)
{
    std::shared_ptr<mailbox> box;
    {
        const std::lock_guard lock{mutex_};
        if (h->own_watch || !holdings_.contains(h->number))
            return;
        box = h->own_watch = core_.make_mailbox();
    }
    std::vector<operation> look;
    for (const auto& path : h->paths)
        look.emplace_back(op::get{path, true});
    core_.fly(
        std::move(look), h->in,
        [this, h, keep = core_.shared_from_this()](const std::vector<outcome>& answers) {
            const auto gone = [](const outcome& o) { return o.ec == errc::no_node; };
            if (std::any_of(answers.begin(), answers.end(), gone))
                return h->lose();
            if (std::all_of(answers.begin(), answers.end(), [](const outcome& o) { return o.ok(); })) {
                h->was_read(answers.front());
                return on_node_event(h);
            }
            const std::lock_guard lock{mutex_};
            h->own_watch.reset();  // refused for now: the next heartbeat tries again
        },
        box);
}

/// Waits for news of the node: gone means lost, changed means watch it anew.
void keeper::on_node_event(const std::shared_ptr<holding>& h)
{
    std::shared_ptr<mailbox> box;
    {
        const std::lock_guard lock{mutex_};
        box = h->own_watch;
    }
    if (!box)
        return;
    const auto again = [this, weak = std::weak_ptr{h}, keep = core_.weak_from_this()] {
        const auto core = keep.lock();
        const auto held = weak.lock();
        if (core && held)
            backstage::get().post([this, core, held] { on_node_event(held); });
    };
    const auto [event, over] = core_.take(*box, again);
    if (!event)
        return;
    if (event->type == watch_event_type::erased)
        return h->lose();
    {
        const std::lock_guard lock{mutex_};
        h->own_watch.reset();
    }
    core_.forget(box);
    watch_node(h);
}

}  // namespace turnstile::inline v0::detail

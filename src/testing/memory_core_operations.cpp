// What a request does: to the nodes, and to those who watch them.
#include "testing/memory_core.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace turnstile::inline v0::testing {

namespace {

bool container_inside(const operation& o)
{
    const auto* m = std::get_if<op::multi>(&o);
    return m && std::any_of(m->steps.begin(), m->steps.end(), [](const op::step& s) {
               const auto* c = std::get_if<op::create>(&s);
               return c && c->mode == create_mode::container;
           });
}

}  // namespace

// ---- Operations

error_code memory_core::submit(const client_ptr& c, const operation& o, detail::completion done)
{
    if (container_inside(o))
        return errc::bad_argument;
    const std::lock_guard lock{mutex_};
    if (c->closing)
        return errc::session_closed;
    if (c->over)
        return errc::session_expired;
    if (!c->connected)
        return errc::not_connected;
    c->outstanding.push_back(std::move(done));
    post(
        c->up, [this, c, up = c->up, o] { receive(c, up, o); }, one_way());
    return {};
}

void memory_core::receive(const client_ptr& c, channel up, const operation& o)
{
    std::unique_lock lock{mutex_};
    if (c->up != up) {
        lock.unlock();
        receive_late(c, up, o);
        return;
    }
    if (!is_read(o) || std::holds_alternative<op::sync>(o)) {
        lock.unlock();
        catch_up(c);
        lock.lock();
        if (c->up != up)
            return;
    }
    if (const auto hook = hook_) {
        lock.unlock();
        hook(c->identity.id, o);
        lock.lock();
        if (c->up != up)
            return;
    }
    auto result = execute(c, o);
    post(
        c->down,
        [this, c, down = c->down, o, zxid = tree_.last_zxid(), result = std::move(result)]() mutable {
            answer(c, down, o, zxid, std::move(result));
        },
        one_way());
}

/// From a connection that is gone: nobody is answered.
void memory_core::receive_late(const client_ptr& c, channel up, const operation& o)
{
    const std::lock_guard lock{mutex_};
    const auto found = sessions_.find(c->identity.id);
    const bool lags = found != sessions_.end() && std::count(found->second.lagging.begin(), found->second.lagging.end(), up);
    if (!lags || is_read(o) || std::holds_alternative<op::forget_watches>(o))
        return;
    std::vector<tree_change> changes;
    tree_.execute(o, at_this_moment(c->identity.id), changes);
    tell(changes);
}

/// A session's writes are executed in the order in which they were sent, and a sync brings what is behind up to date.
void memory_core::catch_up(const client_ptr& c)
{
    std::unique_lock lock{mutex_};
    const auto found = sessions_.find(c->identity.id);
    if (found == sessions_.end())
        return;
    const auto lagging = found->second.lagging;
    lock.unlock();
    for (const auto up : lagging)
        while (queue_->run_first_of(up)) {}
    lock.lock();
    if (const auto again = sessions_.find(c->identity.id); again != sessions_.end())
        for (const auto up : lagging) {
            std::erase(again->second.lagging, up);
            queue_->close(up);
        }
}

/// Events of a write go out before its answer, as a server sends them.
outcome memory_core::execute(const client_ptr& c, const operation& o)
{
    if (const auto* forget = std::get_if<op::forget_watches>(&o))
        return forget_watches(c, forget->path);
    std::vector<tree_change> changes;
    auto result = tree_.execute(o, at_this_moment(c->identity.id), changes);
    keep_watch(c, o, result.ec);
    tell(changes);
    return result;
}

void memory_core::answer(const client_ptr& c, channel down, const operation& o, std::int64_t zxid, outcome result)
{
    std::unique_lock lock{mutex_};
    if (c->down != down)
        return;
    assert(!c->outstanding.empty());
    auto done = std::move(c->outstanding.front());
    c->outstanding.pop_front();
    c->last_zxid = zxid;
    c->watches.note(o, result.ec);
    lock.unlock();
    done(std::move(result));
}

// ---- Watches

void memory_core::keep_watch(const client_ptr& c, const operation& o, const error_code& ec)
{
    const auto kind = watch_left_by(o, ec);
    if (kind == watch_kind::none)
        return;
    auto& kept = kind == watch_kind::child ? child_watchers_ : node_watchers_;
    kept[std::string{path_of(o)}][c->number] = c;
}

outcome memory_core::forget_watches(const client_ptr& c, const std::string& path)
{
    std::size_t forgotten = 0;
    for (auto* kept : {&node_watchers_, &child_watchers_})
        if (const auto found = kept->find(path); found != kept->end()) {
            forgotten += found->second.erase(c->number);
            if (found->second.empty())
                kept->erase(found);
        }
    return forgotten ? outcome{} : outcome{errc::no_node};
}

void memory_core::tell(const std::vector<tree_change>& changes)
{
    for (const auto& [type, path] : changes) {
        std::map<std::uint64_t, client_ptr> told;
        const auto use_up = [&told, &path = path](watchers& kept) {
            if (auto used = kept.extract(path))
                told.merge(used.mapped());
        };
        if (type != watch_event_type::children_changed)
            use_up(node_watchers_);
        if (type == watch_event_type::children_changed || type == watch_event_type::erased)
            use_up(child_watchers_);
        for (const auto& [number, c] : told)
            post(
                c->down, [this, c = c, down = c->down, type = type, path = path] { tell_watch(c, down, type, path); },
                one_way());
    }
}

void memory_core::tell_watch(const client_ptr& c, channel down, watch_event_type type, const std::string& path)
{
    std::unique_lock lock{mutex_};
    if (c->down != down || !c->watches.take(type, path))
        return;
    const auto events = c->events;
    lock.unlock();
    events->on_watch(type, path);
}

}  // namespace turnstile::inline v0::testing

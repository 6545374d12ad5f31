// What tests see of the server, and do to it.
#include "testing/memory_core.hpp"

#include <chrono>

namespace turnstile::inline v0::testing {

std::shared_ptr<memory_core> memory_core::with_a_thread(const memory_server_options& o)
{
    auto core = std::make_shared<memory_core>(o, std::make_shared<delivery_queue>());
    core->thread_.emplace(core->queue_);
    return core;
}

request_context memory_core::at_this_moment(std::int64_t session)
{
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return request_context{session, std::chrono::duration_cast<std::chrono::milliseconds>(now).count()};
}

std::vector<std::int64_t> memory_core::session_ids() const
{
    const std::lock_guard lock{mutex_};
    std::vector<std::int64_t> ids;
    for (const auto& [id, s] : sessions_)
        ids.push_back(id);
    return ids;
}

bool memory_core::has_client(std::int64_t id) const
{
    const std::lock_guard lock{mutex_};
    const auto found = sessions_.find(id);
    return found != sessions_.end() && found->second.client;
}

bool memory_core::expire(std::int64_t id)
{
    const std::lock_guard lock{mutex_};
    const bool known = sessions_.contains(id) || id == memory_server::outsider;
    if (known)
        end_session(id);
    return known;
}

void memory_core::expire_all()
{
    const std::lock_guard lock{mutex_};
    while (!sessions_.empty())
        end_session(sessions_.begin()->first);
}

void memory_core::disconnect(std::int64_t id, wire requests)
{
    const std::lock_guard lock{mutex_};
    if (const auto found = sessions_.find(id); found != sessions_.end() && found->second.client)
        cut(client_ptr{found->second.client}, requests);
}

void memory_core::disconnect_all()
{
    const std::lock_guard lock{mutex_};
    cut_everybody();
}

void memory_core::refuse_connections(bool on)
{
    const std::lock_guard lock{mutex_};
    refusing_ = on;
}

void memory_core::refuse_credentials(bool on)
{
    const std::lock_guard lock{mutex_};
    refusing_credentials_ = on;
}

void memory_core::pause(bool on)
{
    const std::lock_guard lock{mutex_};
    paused_ = on;
    hold_wires();
}

void memory_core::hold_replies(bool on)
{
    const std::lock_guard lock{mutex_};
    holding_ = on;
    hold_wires();
}

void memory_core::hold_wires()
{
    for (const auto& [number, c] : clients_) {
        queue_->hold(c->up, paused_);
        queue_->hold(c->down, silent());
    }
    for (const auto& [id, s] : sessions_)
        for (const auto up : s.lagging)
            queue_->hold(up, paused_);
    if (silent())
        finish_the_closing();
}

void memory_core::on_operation(std::function<void(std::int64_t, const operation&)> hook)
{
    const std::lock_guard lock{mutex_};
    hook_.swap(hook);
}

outcome memory_core::outsider(const operation& o)
{
    const std::lock_guard lock{mutex_};
    std::vector<tree_change> changes;
    auto result = tree_.execute(o, at_this_moment(memory_server::outsider), changes);
    tell(changes);
    return result;
}

std::size_t memory_core::reap_containers()
{
    const std::lock_guard lock{mutex_};
    std::vector<tree_change> changes;
    const auto reaped = tree_.reap_containers(changes);
    tell(changes);
    return reaped;
}

bool memory_core::set_sequence(const std::string& parent, std::int32_t next)
{
    const std::lock_guard lock{mutex_};
    return tree_.set_sequence(parent, next);
}

std::size_t memory_core::watch_count() const
{
    const std::lock_guard lock{mutex_};
    std::size_t count = 0;
    for (const auto* kept : {&node_watchers_, &child_watchers_})
        for (const auto& [path, who] : *kept)
            count += who.size();
    return count;
}

std::int64_t memory_core::last_zxid() const
{
    const std::lock_guard lock{mutex_};
    return tree_.last_zxid();
}

void memory_core::wipe(bool keep_zxids)
{
    const std::lock_guard lock{mutex_};
    cut_everybody();
    const auto zxid = tree_.last_zxid();
    tree_ = znode_tree{};
    if (keep_zxids)
        tree_.set_last_zxid(zxid);
    for (const auto& [id, s] : sessions_)
        for (const auto up : s.lagging)
            queue_->close(up);
    sessions_.clear();
}

void memory_core::shut_down()
{
    const std::lock_guard lock{mutex_};
    hook_ = nullptr;
    refusing_ = true;
    paused_ = holding_ = false;
    hold_wires();
    cut_everybody();
}

}  // namespace turnstile::inline v0::testing

#include <turnstile/testing/memory_server.hpp>

#include "testing/memory_core.hpp"

#include <algorithm>
#include <utility>

namespace turnstile::inline v0::testing {

namespace {

/// What the layer above holds: a client that is dropped without `close` just lets go.
class memory_client final : public detail::client {
public:
    memory_client(std::shared_ptr<memory_core> core, memory_core::client_ptr state)
        : core_{std::move(core)}, state_{std::move(state)}
    {
    }
    ~memory_client() override { core_->abandon(state_); }

    error_code submit(const operation& o, detail::completion done) override
    {
        return core_->submit(state_, o, std::move(done));
    }
    void close(bool end_session, detail::unique_function<void()> closed) override
    {
        core_->close(state_, end_session, std::move(closed));
    }

private:
    const std::shared_ptr<memory_core> core_;
    const memory_core::client_ptr state_;
};

class memory_transport final : public detail::transport {
public:
    explicit memory_transport(std::shared_ptr<memory_core> core) : core_{std::move(core)} {}

    std::shared_ptr<detail::client> open(detail::client_settings settings,
                                         std::shared_ptr<detail::client_events> events) override
    {
        return std::make_shared<memory_client>(core_, core_->open(settings, std::move(events)));
    }

private:
    const std::shared_ptr<memory_core> core_;
};

outcome or_throw(outcome result, const operation& o)
{
    if (!result.ok())
        throw error{result.ec, verb_of(o), path_of(o), "by the outsider"};
    return result;
}

}  // namespace

memory_server::memory_server() : memory_server{memory_server_options{}} {}

memory_server::memory_server(const memory_server_options& o) : core_{memory_core::with_a_thread(o)} {}

memory_server::~memory_server() { core_->shut_down(); }

std::shared_ptr<detail::transport> memory_server::transport() const { return std::make_shared<memory_transport>(core_); }

std::vector<std::int64_t> memory_server::session_ids() const { return core_->session_ids(); }

bool memory_server::expire(std::int64_t session) { return core_->expire(session); }

void memory_server::expire_all() { core_->expire_all(); }

void memory_server::disconnect(std::int64_t session) { core_->disconnect(session); }

void memory_server::disconnect_all() { core_->disconnect_all(); }

void memory_server::disconnect_with_writes_under_way(std::int64_t session)
{
    core_->disconnect(session, memory_core::wire::delivers_later);
}

void memory_server::refuse_connections(bool on) { core_->refuse_connections(on); }

void memory_server::refuse_credentials(bool on) { core_->refuse_credentials(on); }

void memory_server::pause() { core_->pause(true); }

void memory_server::resume() { core_->pause(false); }

void memory_server::hold_replies(bool on) { core_->hold_replies(on); }

void memory_server::on_operation(std::function<void(std::int64_t, const operation&)> hook)
{
    core_->on_operation(std::move(hook));
}

outcome memory_server::execute(const operation& o) { return core_->outsider(o); }

bool memory_server::exists(const std::string& path) const { return core_->outsider(op::exists{path}).ok(); }

std::string memory_server::data(const std::string& path) const
{
    const operation o = op::get{path};
    return or_throw(core_->outsider(o), o).data;
}

stat memory_server::stat(const std::string& path) const
{
    const operation o = op::exists{path};
    return or_throw(core_->outsider(o), o).stat;
}

std::vector<std::string> memory_server::children(const std::string& path) const
{
    const operation o = op::children{path};
    auto names = or_throw(core_->outsider(o), o).children;
    std::sort(names.begin(), names.end());
    return names;
}

std::string memory_server::create(const std::string& path, const std::string& data, create_mode mode)
{
    for (auto slash = path.find('/', 1); slash != std::string::npos; slash = path.find('/', slash + 1))
        core_->outsider(op::create{path.substr(0, slash)});
    const operation o = op::create{path, data, mode};
    return or_throw(core_->outsider(o), o).path;
}

stat memory_server::set(const std::string& path, const std::string& data, std::int32_t version)
{
    const operation o = op::set{path, data, version};
    return or_throw(core_->outsider(o), o).stat;
}

void memory_server::erase(const std::string& path, std::int32_t version)
{
    const operation o = op::erase{path, version};
    or_throw(core_->outsider(o), o);
}

std::size_t memory_server::reap_containers() { return core_->reap_containers(); }

void memory_server::set_sequence(const std::string& parent, std::int32_t next)
{
    if (!core_->set_sequence(parent, next))
        throw error{errc::no_node, "set_sequence", parent};
}

std::size_t memory_server::watch_count() const { return core_->watch_count(); }

std::int64_t memory_server::last_zxid() const { return core_->last_zxid(); }

void memory_server::wipe(bool keep_zxids) { core_->wipe(keep_zxids); }

}  // namespace turnstile::inline v0::testing

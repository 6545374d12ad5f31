#include "twin.hpp"

#include "client.hpp"

#include <future>
#include <memory>
#include <mutex>

namespace turnstile::test {

namespace {

using namespace std::chrono_literals;

constexpr auto patience = 5s;

struct events final : detail::client_events {
    std::promise<void> settled;
    std::once_flag once;

    void settle()
    {
        std::call_once(once, [this] { settled.set_value(); });
    }
    void on_connected(const detail::session_identity&, std::chrono::milliseconds) override { settle(); }
    void on_disconnected() override {}
    void on_expired() override { settle(); }
    void on_auth_failed() override { settle(); }
    void on_watch(watch_event_type, const std::string&) override {}
};

}  // namespace

void end_by_twin(const session& s, const detail::session_identity& whose, const std::string& servers)
{
    const auto told = std::make_shared<events>();
    detail::client_settings settings;
    settings.servers = servers;
    settings.session_timeout = s.timeout();
    settings.resume = whose;
    settings.log = s.options().log;
    const auto twin = detail::c_transport()->open(std::move(settings), told);
    told->settled.get_future().wait_for(patience);
    auto closed = std::make_shared<std::promise<void>>();
    twin->close(true, [closed] { closed->set_value(); });
    closed->get_future().wait_for(patience);
}

}  // namespace turnstile::test

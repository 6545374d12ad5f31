#include "raw_lock.hpp"

#include <zookeeper/zookeeper.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace bench {
namespace {

/// As long as the record that Turnstile keeps in a contender's node.
constexpr std::string_view record = "1 host.example 12345 bench -----";

/// What fails here fails the whole measurement: nothing is recovered from, so nothing may happen that needs it.
void must(int rc, const char* what)
{
    if (rc == ZOK)
        return;
    std::fprintf(stderr, "raw client: %s: %s\n", what, zerror(rc));
    std::abort();
}

/// Only numbers of sequential nodes are compared, and they are as long as each other.
std::string_view sequence(std::string_view path) { return path.substr(path.size() - 10); }

}  // namespace

void gate::open()
{
    {
        const std::lock_guard one_at_a_time{guard_};
        open_ = true;
    }
    opened_.notify_one();
}

void gate::pass()
{
    std::unique_lock waiting{guard_};
    opened_.wait(waiting, [this] { return open_; });
    open_ = false;
}

raw_session::raw_session(const std::string& servers, std::chrono::milliseconds timeout)
{
    zoo_set_debug_level(ZOO_LOG_LEVEL_ERROR);
    handle_ = zookeeper_init(servers.c_str(), on_session_event, static_cast<int>(timeout.count()), nullptr, this, 0);
    if (!handle_)
        throw std::runtime_error{"zookeeper_init failed"};
    // By default the client resolves its servers' names on every turn of its loop, at two to four times the latency.
    zoo_set_servers_resolution_delay(handle_, -1);
    std::unique_lock waiting{guard_};
    if (!changed_.wait_for(waiting, std::chrono::seconds{30}, [this] { return connected_; }))
        throw std::runtime_error{"no connection to " + servers};
}

void raw_session::close()
{
    if (handle_)
        zookeeper_close(std::exchange(handle_, nullptr));
}

std::int64_t raw_session::id() const { return zoo_client_id(handle_)->client_id; }

void raw_session::on_session_event(_zhandle*, int type, int state, const char*, void* self)
{
    if (type != ZOO_SESSION_EVENT || state != ZOO_CONNECTED_STATE)
        return;
    auto& session = *static_cast<raw_session*>(self);
    const std::lock_guard one_at_a_time{session.guard_};
    session.connected_ = true;
    session.changed_.notify_all();
}

void raw_session::make_directory(const std::string& path)
{
    for (auto end = path.find('/', 1);; end = path.find('/', end + 1)) {
        gate done;
        const auto created = [](int rc, const char*, const void* waiting) {
            if (rc != ZNODEEXISTS)
                must(rc, "create the directory");
            static_cast<gate*>(const_cast<void*>(waiting))->open();
        };
        must(zoo_acreate(handle_, path.substr(0, end).c_str(), "", 0, &ZOO_OPEN_ACL_UNSAFE, 0, created, &done), "create");
        done.pass();
        if (end == std::string::npos)
            return;
    }
}

raw_place::raw_place(raw_session& session, std::string directory, std::function<void()> granted)
    : session_{session}, directory_{std::move(directory)}, granted_{std::move(granted)}, prefix_{[this] {
          std::array<char, 32> id{};
          std::snprintf(id.data(), id.size(), "/w%011llx.", static_cast<unsigned long long>(session_.id()) & 0xfffffffffff);
          return directory_ + id.data();
      }()}
{
}

void raw_place::enter()
{
    others_ahead_ = false;
    const auto name = prefix_ + std::to_string(++entered_) + "-lock-";
    const auto completed = [](int rc, const char* path, const Stat*, const void* self) {
        static_cast<raw_place*>(const_cast<void*>(self))->created(rc, path);
    };
    must(zoo_acreate2(session_.handle(), name.c_str(), record.data(), static_cast<int>(record.size()), &ZOO_OPEN_ACL_UNSAFE,
                      ZOO_EPHEMERAL_SEQUENTIAL, completed, this),
         "create2");
    list();
}

void raw_place::list()
{
    const auto completed = [](int rc, const String_vector* names, const void* self) {
        static_cast<raw_place*>(const_cast<void*>(self))->listed(rc, names);
    };
    listing_ = true;
    must(zoo_aget_children(session_.handle(), directory_.c_str(), 0, completed, this), "children");
}

void raw_place::created(int rc, const char* path)
{
    must(rc, "created");
    ours_ = path;
}

void raw_place::listed(int rc, const String_vector* names)
{
    must(rc, "listed");
    listing_ = false;
    std::string_view ahead, two_ahead;
    int lower = 0;
    for (int i = 0; i < names->count; ++i) {
        const std::string_view name = names->data[i];
        if (sequence(name) >= sequence(ours_))
            continue;
        ++lower;
        if (ahead.empty() || sequence(name) > sequence(ahead))
            two_ahead = std::exchange(ahead, name);
        else if (two_ahead.empty() || sequence(name) > sequence(two_ahead))
            two_ahead = name;
    }
    if (lower == 0)
        return granted_();

    others_ahead_ = lower > 2;
    const auto stays = [this](std::string& watched, std::string_view name) {
        std::string path = name.empty() ? std::string{} : directory_ + '/' + std::string{name};
        if (path == watched)
            return;
        watched = std::move(path);
        if (!watched.empty())
            watch(watched);
    };
    stays(ahead_, ahead);
    stays(two_ahead_, two_ahead);
}

void raw_place::watch(const std::string& path)
{
    // get, not exists: a get that finds no node leaves no watch behind.
    struct asked {
        raw_place& place;
        std::string path;
    };
    const auto fired = [](zhandle_t*, int type, int, const char* fired_path, void* self) {
        if (type == ZOO_DELETED_EVENT)
            static_cast<raw_place*>(self)->gone(fired_path);
    };
    const auto completed = [](int rc, const char*, int, const Stat*, const void* context) {
        const std::unique_ptr<asked> a{static_cast<asked*>(const_cast<void*>(context))};
        if (rc == ZNONODE)
            a->place.gone(a->path);
        else
            must(rc, "get");
    };
    must(zoo_awget(session_.handle(), path.c_str(), fired, this, completed, new asked{*this, path}), "get");
}

void raw_place::gone(const std::string& path)
{
    if (path == ahead_)
        ahead_.clear();
    else if (path == two_ahead_)
        two_ahead_.clear();
    else
        return;
    look_again_or_go_on();
}

void raw_place::look_again_or_go_on()
{
    const bool everybody_seen_gone = ahead_.empty() && two_ahead_.empty() && !others_ahead_;
    if (everybody_seen_gone)
        return granted_();
    // The one two ahead went, so the one ahead may be the head now: find out before it goes. Or the one ahead went out of
    // turn.
    if (others_ahead_ && !listing_)
        list();
}

void raw_place::leave(gate* left)
{
    const auto completed = [](int rc, const void* waiting) {
        must(rc, "deleted");
        if (waiting)
            static_cast<gate*>(const_cast<void*>(waiting))->open();
    };
    must(zoo_adelete(session_.handle(), ours_.c_str(), -1, completed, left), "delete");
}

}  // namespace bench

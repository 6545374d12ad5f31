// The same test body against the server in memory (milliseconds) and against a real one (the truth).
#pragma once

#include <turnstile/blocking.hpp>
#include <turnstile/path.hpp>
#include <turnstile/session.hpp>
#include <turnstile/testing/memory_server.hpp>

#include "eventually.hpp"
#include "session_core.hpp"
#include "twin.hpp"
#include "zookeeper_under_test.hpp"

#include <gtest/gtest.h>

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace turnstile::test {

/// A ZooKeeper as a test sees it: what sessions need, and an outsider's hands.
class backend {
public:
    virtual ~backend() = default;

    virtual session_options options() = 0;
    /// Ends a session as its expiry would, and returns when its ephemerals have gone.
    virtual void expire(const session& s) = 0;
    /// Children, or none when there is no such node.
    virtual std::vector<std::string> children(const std::string& path) = 0;
    virtual void create(const std::string& path, create_mode mode = create_mode::persistent) = 0;
    virtual void erase(const std::string& path) = 0;
    virtual void set(const std::string& path, const std::string& data) = 0;
    virtual std::size_t watch_count() = 0;
    /// Nothing is answered; connections stay up.
    virtual void pause() = 0;
    virtual void resume() = 0;

    std::size_t depth(const std::string& line) { return children(line).size(); }

    /// Until all is answered that the session has sent. A node may be on the server, and its waiter not have heard of it:
    /// ended then, the session leaves it a place in doubt, which is taken anew, and not one that is lost. Answers come in
    /// order.
    static void hear_out(const session& s) { blocking::wait(s.exists("/")); }
};

class memory_backend final : public backend {
public:
    session_options options() override
    {
        session_options o;
        o.transport = server.transport();
        return o;
    }
    void expire(const session& s) override { server.expire(s.id()); }
    std::vector<std::string> children(const std::string& path) override
    {
        return server.exists(path) ? server.children(path) : std::vector<std::string>{};
    }
    void create(const std::string& path, create_mode mode) override { server.create(path, "", mode); }
    void erase(const std::string& path) override { server.erase(path); }
    void set(const std::string& path, const std::string& data) override { server.set(path, data); }
    std::size_t watch_count() override { return server.watch_count(); }
    void pause() override { server.pause(); }
    void resume() override { server.resume(); }

    testing::memory_server server{short_sessions()};

private:
    /// As the real one's: what is asked for is granted.
    static testing::memory_server_options short_sessions()
    {
        testing::memory_server_options o;
        o.session_timeout_min = std::chrono::milliseconds{200};
        return o;
    }
};

/// Every test gets a root of its own on one shared ZooKeeper. That may be an ensemble, whose members apply a write one after
/// the other: what the outsider does is everywhere when the call returns, and what it reads is not older than the call.
class real_backend final : public backend {
public:
    real_backend() : root_{"/t" + this_run() + "-" + std::to_string(next_root())}, outsider_{plain()} {}
    ~real_backend() override { real_zookeeper().resume_all(); }

    session_options options() override
    {
        auto o = plain();
        o.session_timeout = std::chrono::seconds{4};  // longer than machines stand still that build beside the tests
        return o;
    }
    void expire(const session& s) override
    {
        const auto ended = s.epoch();
        const auto identity = s.core()->identity();
        // The session's own client connects again as soon as the twin has taken it over, and may be faster than its close.
        do
            end_by_twin(s, identity, real_zookeeper().connect_string());
        while (!eventually([&] { return !s.core()->epoch_alive(ended); }, std::chrono::milliseconds{500}));
    }
    std::vector<std::string> children(const std::string& path) override
    {
        try {
            outsider_.wait(outsider_->sync(path));
            return outsider_.wait(outsider_->children(path));
        } catch (const error& e) {
            if (e.code() != errc::no_node)
                throw;
            return {};
        }
    }
    void create(const std::string& path, create_mode mode) override
    {
        if (const auto parent = std::string{parent_path(path)}; parent != "/")
            outsider_.wait(outsider_->create_containers(parent));
        real_zookeeper().wait_until_everywhere(outsider_.wait(outsider_->create(path, "", mode)).stat.czxid);
    }
    void erase(const std::string& path) override
    {
        outsider_.wait(outsider_->erase(path));
        be_everywhere();
    }
    void set(const std::string& path, const std::string& data) override
    {
        real_zookeeper().wait_until_everywhere(outsider_.wait(outsider_->set(path, data)).mzxid);
    }
    std::size_t watch_count() override { return static_cast<std::size_t>(real_zookeeper().metric("zk_watch_count")); }
    void pause() override { real_zookeeper().pause_all(); }
    void resume() override { real_zookeeper().resume_all(); }

private:
    /// An erase tells no zxid, a write behind it does.
    void be_everywhere() { real_zookeeper().wait_until_everywhere(outsider_.wait(outsider_->set("/", "")).mzxid); }

    /// The dockerised ensemble outlives the process, and process numbers come again.
    static std::string this_run()
    {
        static const auto started = std::chrono::system_clock::now().time_since_epoch().count();
        return std::to_string(::getpid()) + "-" + std::to_string(started);
    }
    static int next_root()
    {
        static int last = 0;
        return ++last;
    }
    session_options plain() const
    {
        session_options o{real_zookeeper().connect_string()};
        o.root = root_;
        return o;
    }

    const std::string root_;
    blocking::session outsider_;
};

enum class backend_kind { memory, real };

inline std::unique_ptr<backend> make_backend(backend_kind kind)
{
    if (kind == backend_kind::memory)
        return std::make_unique<memory_backend>();
    return std::make_unique<real_backend>();
}

inline std::string name_of(const ::testing::TestParamInfo<backend_kind>& info)
{
    return info.param == backend_kind::memory ? "memory" : "real";
}

}  // namespace turnstile::test

#include "zookeeper_under_test.hpp"

#include "docker_ensemble.hpp"
#include "eventually.hpp"

#include <turnstile/testing/server.hpp>

#include "testing/connection_report.hpp"
#include "testing/four_letter.hpp"

#include <algorithm>
#include <cstdlib>
#include <stdexcept>

namespace turnstile::test {

using namespace std::chrono_literals;

namespace {

std::optional<std::string> ask(const zookeeper_under_test& zk, std::size_t member, std::string_view word)
{
    return testing::four_letter_word(zk.port(member), word, 1s);
}

std::int64_t zxid_in(const std::string& answer)
{
    return std::strtoll(testing::text_in(answer, "Zxid").value_or("0").c_str(), nullptr, 16);
}

/// Sessions may live longer than twenty of its short ticks, and than a loaded machine stands still.
testing::server_options with_long_sessions()
{
    testing::server_options o;
    o.extra_config.emplace_back("maxSessionTimeout=4000");
    return o;
}

testing::ensemble_options members_with_long_sessions()
{
    testing::ensemble_options o;
    o.member = with_long_sessions();
    return o;
}

class single_server final : public zookeeper_under_test {
public:
    std::size_t size() const override { return 1; }
    std::uint16_t port(std::size_t) const override { return server_.port(); }
    void kill(std::size_t) override { server_.kill(); }
    void start(std::size_t) override { server_.start(); }
    void pause(std::size_t) override { server_.pause(); }
    void resume(std::size_t) override { server_.resume(); }
    void wipe(std::size_t) override { server_.wipe(); }
    void isolate(std::size_t) override
    {
        throw std::logic_error{"a server that stands alone has nobody to be isolated from"};
    }
    void heal(std::size_t) override {}
    void repair() override
    {
        server_.resume();
        server_.start();
    }

private:
    testing::server server_{with_long_sessions()};
};

class three_processes final : public zookeeper_under_test {
public:
    std::size_t size() const override { return ensemble_.size(); }
    std::uint16_t port(std::size_t member) const override { return ensemble_.port(member); }
    void kill(std::size_t member) override { ensemble_.kill(member); }
    void start(std::size_t member) override { ensemble_.start(member); }
    void pause(std::size_t member) override { ensemble_.pause(member); }
    void resume(std::size_t member) override { ensemble_.resume(member); }
    void wipe(std::size_t member) override { ensemble_.wipe(member); }
    void isolate(std::size_t member) override { ensemble_.isolate(member); }
    void heal(std::size_t member) override { ensemble_.heal(member); }
    void repair() override { ensemble_.repair(); }

    testing::ensemble& itself() noexcept { return ensemble_; }

private:
    testing::ensemble ensemble_{members_with_long_sessions()};
};

three_processes& the_local_ensemble()
{
    static three_processes the_one;
    return the_one;
}

}  // namespace

std::string zookeeper_under_test::connect_string() const { return connect_string_without(size()); }

std::string zookeeper_under_test::connect_string(std::size_t member) const
{
    return "127.0.0.1:" + std::to_string(port(member));
}

std::string zookeeper_under_test::connect_string_without(std::size_t member) const
{
    std::string all;
    for (std::size_t m = 0; m < size(); ++m)
        if (m != member)
            all += (all.empty() ? "" : ",") + connect_string(m);
    return all;
}

bool zookeeper_under_test::serves(std::size_t member) const
{
    const auto answer = ask(*this, member, "srvr");
    return answer && testing::text_in(*answer, "Mode");
}

std::optional<std::size_t> zookeeper_under_test::leader() const
{
    std::optional<std::size_t> latest;
    std::int64_t zxid = -1;
    for (std::size_t m = 0; m < size(); ++m) {
        const auto answer = ask(*this, m, "srvr");
        if (!answer || testing::text_in(*answer, "Mode") != "leader" || zxid_in(*answer) <= zxid)
            continue;
        latest = m;
        zxid = zxid_in(*answer);
    }
    return latest;
}

std::size_t zookeeper_under_test::wait_for_leader() const { return wait_for_leader_after(size()); }

std::size_t zookeeper_under_test::wait_for_leader_after(std::size_t old) const
{
    std::optional<std::size_t> who;
    if (!eventually([&] { return (who = leader()) && *who != old; }, 60s))
        throw std::runtime_error{"no leader within a minute"};
    return *who;
}

std::optional<std::size_t> zookeeper_under_test::server_of(std::int64_t session) const
{
    std::optional<std::size_t> latest;
    std::int64_t since = -1;
    for (std::size_t m = 0; m < size(); ++m) {
        const auto connected = testing::connected_since(ask(*this, m, "cons").value_or(""), session);
        if (!connected || *connected <= since)
            continue;
        latest = m;
        since = *connected;
    }
    return latest;
}

std::int64_t zookeeper_under_test::metric(std::string_view name) const
{
    std::int64_t sum = 0;
    for (std::size_t m = 0; m < size(); ++m)
        sum += testing::number_in(ask(*this, m, "mntr").value_or(""), name).value_or(0);
    return sum;
}

void zookeeper_under_test::wait_until_everywhere(std::int64_t zxid) const
{
    const auto is_there = [&](std::size_t m) {
        const auto answer = ask(*this, m, "srvr");
        return !answer || !testing::text_in(*answer, "Mode") || zxid_in(*answer) >= zxid;
    };
    for (std::size_t m = 0; m < size() && size() > 1; ++m)
        if (!eventually([&] { return is_there(m); }))
            throw std::runtime_error{"member " + std::to_string(m) + " lags"};
}

void zookeeper_under_test::pause_all()
{
    for (std::size_t m = 0; m < size(); ++m)
        pause(m);
}

void zookeeper_under_test::resume_all()
{
    for (std::size_t m = 0; m < size(); ++m)
        resume(m);
}

void zookeeper_under_test::kill_all()
{
    for (std::size_t m = 0; m < size(); ++m)
        kill(m);
}

void zookeeper_under_test::wipe_all()
{
    for (std::size_t m = 0; m < size(); ++m)
        wipe(m);
}

void zookeeper_under_test::start_all()
{
    for (std::size_t m = 0; m < size(); ++m)
        start(m);
}

zookeeper_kind kind_under_test()
{
    const char* wanted = std::getenv("TURNSTILE_TEST_BACKEND");
    const std::string kind = wanted != nullptr ? wanted : "server";
    if (kind == "server")
        return zookeeper_kind::server;
    if (kind == "ensemble")
        return zookeeper_kind::ensemble;
    if (kind == "docker")
        return zookeeper_kind::docker;
    throw std::invalid_argument{"TURNSTILE_TEST_BACKEND is server, ensemble or docker, not " + kind};
}

zookeeper_under_test& real_zookeeper()
{
    if (kind_under_test() != zookeeper_kind::server)
        return real_ensemble();
    static single_server the_one;
    return the_one;
}

zookeeper_under_test& real_ensemble()
{
    if (kind_under_test() == zookeeper_kind::docker)
        return docker_ensemble();
    return the_local_ensemble();
}

testing::ensemble* local_ensemble()
{
    return kind_under_test() == zookeeper_kind::docker ? nullptr : &the_local_ensemble().itself();
}

}  // namespace turnstile::test

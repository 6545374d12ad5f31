#include <turnstile/testing/ensemble.hpp>

#include "connection_report.hpp"
#include "ensemble_members.hpp"

#include <unistd.h>

#include <functional>
#include <stdexcept>
#include <thread>
#include <utility>

namespace turnstile::inline v0::testing {

using namespace std::chrono_literals;

namespace {

constexpr auto look_interval = 10ms;

}  // namespace

class ensemble::impl {
public:
    explicit impl(ensemble_options options) : options_{std::move(options)} {}

    /// On ports that we choose somebody may have been faster: then on others.
    void first_start()
    {
        for (int tries = 1;; ++tries) {
            members_ = std::make_unique<ensemble_members>(options_);
            try {
                return start_all();
            } catch (const std::runtime_error&) {
                if (tries == 5 || !members_->found_a_port_taken())
                    throw;
            }
        }
    }

    bool is_ours() const noexcept { return owner_ == ::getpid(); }
    ensemble_members& members() const noexcept { return *members_; }
    server_process& at(std::size_t member) const { return members_->at(member); }
    std::chrono::milliseconds start_patience() const { return options_.member.start_patience; }

    void for_each(const std::function<void(std::size_t)>& act) const
    {
        for (std::size_t member = 0; member < members_->size(); ++member)
            act(member);
    }

    /// Asks all before it waits for any.
    void stop_all() const
    {
        for_each([this](std::size_t m) { at(m).ask_to_stop(); });
        for_each([this](std::size_t m) { at(m).stop(); });
    }

    void start_all() const
    {
        for_each([this](std::size_t m) { at(m).launch(); });
        if (!members_->majority_up())
            return;
        for_each([this](std::size_t m) {
            if (members_->up(m))
                at(m).wait_until_it_serves();
        });
        until([this] { return members_->whole(); }, start_patience(), "not all members serve");
    }

    void until(const std::function<bool()>& holds, std::chrono::milliseconds patience, const std::string& otherwise) const
    {
        const auto end = std::chrono::steady_clock::now() + patience;
        while (!holds()) {
            if (std::chrono::steady_clock::now() >= end)
                throw std::runtime_error{"testing::ensemble: " + otherwise + " within " + std::to_string(patience.count()) +
                                         " ms:" + members_->situation()};
            std::this_thread::sleep_for(look_interval);
        }
    }

    std::string addresses(const std::function<bool(std::size_t)>& of) const
    {
        std::string all;
        for_each([&](std::size_t m) {
            if (of(m))
                all += (all.empty() ? "" : ",") + at(m).connect_string();
        });
        return all;
    }

private:
    const ensemble_options options_;
    const pid_t owner_ = ::getpid();
    std::unique_ptr<ensemble_members> members_;
};

ensemble::ensemble(ensemble_options options) : impl_{std::make_unique<impl>(std::move(options))} { impl_->first_start(); }

ensemble::~ensemble()
{
    // In a fork the relays' thread is missing, and their sockets are the parent's: closing them would disturb its relays.
    if (!impl_->is_ours())
        static_cast<void>(impl_.release());  // NOLINT(bugprone-unused-return-value)
}

std::size_t ensemble::size() const noexcept { return impl_->members().size(); }

std::string ensemble::connect_string() const
{
    return impl_->addresses([](std::size_t) { return true; });
}

std::string ensemble::connect_string(std::size_t member) const { return impl_->at(member).connect_string(); }

std::string ensemble::connect_string_without(std::size_t member) const
{
    return impl_->addresses([member](std::size_t m) { return m != member; });
}

std::uint16_t ensemble::port(std::size_t member) const { return impl_->at(member).port(); }

pid_t ensemble::pid(std::size_t member) const { return impl_->at(member).pid(); }

member_role ensemble::role(std::size_t member) const { return impl_->members().portrait(member).role; }

std::optional<std::size_t> ensemble::leader() const { return impl_->members().leader(); }

std::optional<std::size_t> ensemble::server_of(std::int64_t session) const
{
    std::optional<std::size_t> latest;
    std::int64_t since = -1;
    impl_->for_each([&](std::size_t m) {
        if (impl_->members().portrait(m).role == member_role::none)
            return;
        const auto connected = connected_since(impl_->at(m).four_letter("cons"), session);
        if (!connected || *connected <= since)
            return;
        latest = m;
        since = *connected;
    });
    return latest;
}

void ensemble::wait_for_quorum(std::chrono::milliseconds patience) const { wait_for_leader(patience); }

std::size_t ensemble::wait_for_leader(std::chrono::milliseconds patience) const
{
    std::optional<std::size_t> who;
    impl_->until([&] { return (who = impl_->members().leader_of_a_quorum()).has_value(); }, patience, "no quorum serves");
    return *who;
}

void ensemble::wait_until_serving(std::size_t member, std::chrono::milliseconds patience) const
{
    impl_->until([&] { return role(member) != member_role::none; }, patience,
                 "member " + std::to_string(member) + " does not serve");
}

void ensemble::stop(std::size_t member) { impl_->at(member).stop(); }

void ensemble::kill(std::size_t member) { impl_->at(member).kill(); }

void ensemble::start(std::size_t member)
{
    auto& server = impl_->at(member);
    if (server.running())
        return;
    server.launch();
    if (impl_->members().up(member) && impl_->members().majority_up())
        server.wait_until_it_serves();
}

void ensemble::restart(std::size_t member)
{
    stop(member);
    start(member);
}

void ensemble::pause(std::size_t member) { impl_->at(member).pause(); }

void ensemble::resume(std::size_t member) { impl_->at(member).resume(); }

void ensemble::wipe(std::size_t member) { impl_->at(member).wipe(); }

void ensemble::isolate(std::size_t member)
{
    static_cast<void>(impl_->at(member));  // throws when there is no such
    impl_->members().network().isolate(member);
}

void ensemble::heal(std::size_t member) { impl_->members().network().heal(member); }

void ensemble::delay(std::size_t member, std::chrono::milliseconds each_way)
{
    impl_->members().network().delay(member, each_way);
}

void ensemble::delay_fsync(std::size_t member, std::chrono::milliseconds by) { impl_->at(member).delay_fsync(by); }

std::size_t ensemble::kill_leader()
{
    const auto who = wait_for_leader();
    kill(who);
    return who;
}

void ensemble::stop_all() { impl_->stop_all(); }

void ensemble::kill_all()
{
    impl_->for_each([this](std::size_t m) { kill(m); });
}

void ensemble::start_all() { impl_->start_all(); }

void ensemble::restart_all()
{
    stop_all();
    start_all();
}

void ensemble::rolling_restart()
{
    const auto last = wait_for_leader();
    impl_->for_each([&](std::size_t m) {
        if (m == last)
            return;
        restart(m);
        wait_for_quorum();
    });
    restart(last);
    wait_for_quorum();
}

void ensemble::wipe_all()
{
    stop_all();
    impl_->for_each([this](std::size_t m) { wipe(m); });
}

void ensemble::repair()
{
    impl_->for_each([this](std::size_t m) {
        delay(m, 0ms);
        delay_fsync(m, 0ms);
        heal(m);
        resume(m);
    });
    start_all();
}

std::string ensemble::four_letter(std::size_t member, std::string_view word) const
{
    return impl_->at(member).four_letter(word);
}

std::int64_t ensemble::metric(std::size_t member, std::string_view name) const { return impl_->at(member).metric(name); }

std::int64_t ensemble::metric(std::string_view name) const
{
    std::int64_t sum = 0;
    impl_->for_each([&](std::size_t m) {
        if (role(m) != member_role::none)
            sum += metric(m, name);
    });
    return sum;
}

std::string ensemble::log_tail(std::size_t member) const { return impl_->at(member).log_tail(); }

}  // namespace turnstile::inline v0::testing

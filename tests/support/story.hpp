// A history told by hand: one event each millisecond, unless said otherwise.
#pragma once

#include <turnstile/testing/history.hpp>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace turnstile::test {

using namespace std::chrono_literals;
using testing::history_event;
using testing::history_event_type;

class story {
public:
    story& wait(std::chrono::nanoseconds t)
    {
        now_ += t;
        return *this;
    }

    history_event& tell(history_event_type type, std::string op = {}, std::string key = "a")
    {
        now_ += 1ms;
        auto& e = events_.emplace_back(type, std::move(op), std::move(key));
        e.monotonic = now_;
        e.boot = now_ + boot_ahead;
        e.process = "of-" + e.op;
        return e;
    }

    history_event& invoke(const std::string& op) { return tell(history_event_type::invoke, op); }
    history_event& granted(const std::string& op, std::int64_t token)
    {
        auto& e = tell(history_event_type::granted, op);
        e.token = token;
        return e;
    }
    history_event& released(const std::string& op) { return tell(history_event_type::released, op); }
    history_event& lost(const std::string& op) { return tell(history_event_type::lost, op); }
    history_event& effect(const std::string& op, std::int64_t token, bool accepted = true)
    {
        auto& e = tell(history_event_type::effect, op);
        e.token = token;
        e.accepted = accepted;
        return e;
    }
    history_event& fault(const std::string& id, const std::string& kind, const std::string& victim = {})
    {
        auto& e = tell(history_event_type::fault, id, {});
        e.fault = kind;
        e.victim = victim;
        e.process = "nemesis";
        return e;
    }
    history_event& healed(const std::string& id) { return tell(history_event_type::healed, id, {}); }
    history_event& killed(const std::string& op)
    {
        auto& e = tell(history_event_type::killed, {}, {});
        e.victim = "of-" + op;
        return e;
    }

    /// From the present moment on, on the boot-time clock.
    std::chrono::nanoseconds boot_in(std::chrono::nanoseconds t) const { return now_ + boot_ahead + t; }

    /// A whole turn, from asking to releasing.
    story& turn(const std::string& op, std::int64_t token)
    {
        invoke(op);
        granted(op, token);
        effect(op, token);
        released(op);
        return *this;
    }

    const std::vector<history_event>& events() const { return events_; }

    testing::history_verdict verdict(testing::judge_options how = quiet_history()) const
    {
        return testing::judge(events_, how);
    }

    /// Rules only: these histories are too short to prove anything.
    static testing::judge_options quiet_history()
    {
        testing::judge_options how;
        how.required.clear();
        return how;
    }

private:
    static constexpr std::chrono::nanoseconds boot_ahead = 1h;
    std::chrono::nanoseconds now_ = 10s;
    std::vector<history_event> events_;
};

}  // namespace turnstile::test

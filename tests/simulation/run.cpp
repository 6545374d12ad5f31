#include "run.hpp"

#include "contender.hpp"
#include "nemesis.hpp"
#include "process_executor.hpp"
#include "referee.hpp"
#include "scheduler.hpp"
#include "testing/memory_core.hpp"
#include "wire.hpp"

#include <boost/asio/co_spawn.hpp>

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace turnstile::simulation {

namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds session_timeout{1'000};
/// Enough for everybody ahead to hold as long as anybody does.
constexpr auto patience_of_the_judge = 60 * session_timeout;
constexpr std::uint64_t steps_max = 2'000'000;

struct shape {
    std::size_t processes;
    std::size_t contenders;  ///< each
    std::size_t turns;       ///< each
    std::vector<std::string> keys;
    std::map<std::string, line_rule> rules;
    std::string root;
    std::chrono::microseconds round_trip;
    roughness rough;
    hostility hostile;
    cohort_options cohorts;
    bool calm = false;
};

line_rule rule_of(dice& d)
{
    if (d.one_in(2))
        return {};
    if (d.one_in(2))
        return {line_rule::kind::read_write, 1};
    return {line_rule::kind::permits, static_cast<std::uint32_t>(d.between(1, 6))};
}

shape shape_of(dice& d)
{
    shape s;
    s.processes = d.between(1, 5);
    s.contenders = d.one_in(4) ? d.between(4, 8) : d.between(1, 3);
    s.turns = d.between(1, 3);
    const auto keys = d.one_in(2) ? 1 : d.between(1, 3);
    for (std::uint64_t k = 0; k < keys; ++k)
        s.keys.push_back("/locks/k" + std::to_string(k));
    for (const auto& key : s.keys)
        s.rules[key] = rule_of(d);
    s.root = d.one_in(3) ? "/app" : "/";
    s.round_trip = std::chrono::microseconds{d.one_in(2) ? 0 : d.below(20'000)};
    s.rough.stall_one_in = d.one_in(4) ? 0 : d.between(5, 200);
    s.rough.stall_max = d.one_in(4) ? session_timeout : session_timeout / 20;
    // Each run has some kinds of faults, not all: those that are rare together with others get their chance alone.
    const auto sometimes = [&](std::uint64_t least, std::uint64_t most) { return d.one_in(2) ? d.between(least, most) : 0; };
    s.hostile.cut_one_in = sometimes(20, 400);
    s.hostile.snipe_one_in = sometimes(2, 15);
    s.hostile.stop_one_in = sometimes(50, 500);
    s.hostile.end_session_one_in = d.one_in(3) ? d.between(50, 500) : 0;
    s.hostile.freeze_one_in = d.one_in(4) ? d.between(100, 1'000) : 0;
    s.hostile.refuse_one_in = d.one_in(4) ? d.between(100, 1'000) : 0;
    s.hostile.touch_one_in = d.one_in(4) ? d.between(20, 200) : 0;
    s.hostile.stranger_one_in = d.one_in(4) ? d.between(20, 200) : 0;
    s.hostile.reap_one_in = d.one_in(2) ? d.between(5, 100) : 0;
    s.hostile.faults_max = d.below(20);
    s.cohorts.hand_overs = d.below(4);
    s.cohorts.keep = d.below(3);
    s.calm = d.one_in(8);
    if (s.calm) {
        s.hostile.faults_max = 0;
        s.rough.stall_max = session_timeout / 50;
        s.rough.stall_one_in = std::max<std::uint64_t>(s.rough.stall_one_in, 50);
    }
    return s;
}

testing::memory_server_options server_options(const shape& s)
{
    testing::memory_server_options o;
    o.session_timeout_min = 200ms;
    o.round_trip = s.round_trip;
    return o;
}

class simulation {
public:
    simulation(std::uint64_t seed, bool trace)
        : dice_{seed},
          shape_{shape_of(dice_)},
          scheduler_{dice_, counts_, shape_.rough},
          core_{std::make_shared<testing::memory_core>(server_options(shape_), scheduler_.wires())},
          server_{core_},
          referee_{scheduler_, server_, counts_, shape_.root},
          nemesis_{dice_, scheduler_, server_, *core_, referee_, counts_, shape_.hostile, session_timeout, directories()},
          world_{dice_, scheduler_, referee_, counts_, server_}
    {
        scheduler_.trace(trace);
        world_.root = shape_.root;
        world_.keys = shape_.keys;
        world_.rules = shape_.rules;
        referee_.set_rules(shape_.rules);
        world_.timeout = session_timeout;
        world_.calm = shape_.calm;
    }

    verdict run()
    {
        begin();
        until_all_have_contended();
        nemesis_.rest();
        nemesis_.wake_the_frozen();
        if (fine())
            each("give up what it keeps", [this](const session& s) { return end_cohort(s); });
        if (fine())
            each("be swept", [](const session& s) { return s.swept(); });
        settle();
        if (fine())
            referee_.check_nothing_is_left(shape_.keys);
        if (fine())
            each("close", [](const session& s) { return s.close(); });
        sessions_.clear();
        settle();
        if (fine())
            check_quiet();
        return conclude();
    }

private:
    std::vector<std::string> directories() const
    {
        std::vector<std::string> all;
        for (const auto& key : shape_.keys)
            all.push_back(shape_.root == "/" ? key : shape_.root + key);
        return all;
    }

    bool fine() const { return referee_.violation().empty(); }

    void begin()
    {
        sessions_.resize(shape_.processes + 1);
        for (std::size_t i = 0; i < shape_.processes; ++i) {
            const auto p = scheduler_.add_process();
            scheduler_.push(p, lane::executor, [this, p] { start(p); });
            open_ += shape_.contenders;
        }
    }

    void start(process_id p)
    {
        session_options o;
        o.transport = wire_of(p, scheduler_, referee_, server_.transport());
        o.session_timeout = session_timeout;
        o.operation_timeout = 3 * session_timeout;
        o.root = shape_.root;
        o.retry_delay_min = o.retry_delay_max = 2ms;  // too short to be jittered
        auto s = session::open(std::move(o));
        sessions_[static_cast<std::size_t>(p)] = s;
        world_.cohorts.emplace(p, cohort{s, shape_.cohorts});
        for (std::size_t c = 0; c < shape_.contenders; ++c)
            boost::asio::co_spawn(process_executor{scheduler_, p}, contend(world_, p, s, shape_.turns),
                                  [this](const std::exception_ptr& failed) { ended(failed, "a contender"); });
    }

    /// In the process's own time: the last copy of a cohort gives up what it keeps.
    boost::asio::awaitable<void> end_cohort(session s)
    {
        std::erase_if(world_.cohorts, [&](const auto& c) { return c.second.get_session() == s; });
        co_return;
    }

    void ended(const std::exception_ptr& failed, const std::string& who)
    {
        --open_;
        try {
            if (failed)
                std::rethrow_exception(failed);
        } catch (const std::exception& e) {
            referee_.object(who + " ended with " + e.what());
        }
    }

    bool step(nanoseconds horizon)
    {
        nemesis_.act();
        return scheduler_.step(horizon);
    }

    void until_all_have_contended()
    {
        auto ended = world_.calls_ended;
        auto patient_until = scheduler_.now() + patience_of_the_judge;
        while (fine() && open_ != 0) {
            if (scheduler_.steps() > steps_max)
                return referee_.object("it does not end");
            const bool moved = step(patient_until);
            if (std::exchange(ended, world_.calls_ended) != world_.calls_ended)
                patient_until = scheduler_.now() + patience_of_the_judge;
            measure_depth();
            if (moved)
                continue;
            if (!nemesis_.wake_the_frozen())
                return stuck("to contend");
            patient_until = scheduler_.now() + patience_of_the_judge;
        }
    }

    void stuck(const std::string& what)
    {
        referee_.object(fmt::format("stuck: {} of those that began {} have not ended, {} calls are open", open_, what,
                                    world_.calls_open));
    }

    template <class Verb>
    void each(const std::string& what, Verb verb)
    {
        for (std::size_t p = 1; p < sessions_.size(); ++p) {
            if (!sessions_[p])
                continue;
            ++open_;
            scheduler_.push(process_id{p}, lane::executor, [this, p, what, verb] {
                boost::asio::co_spawn(
                    process_executor{scheduler_, process_id{p}}, verb(*sessions_[p]),
                    [this, what](const std::exception_ptr& failed) { ended(failed, "who began to " + what); });
            });
        }
        const auto horizon = scheduler_.now() + patience_of_the_judge;
        while (fine() && open_ != 0)
            if (!step(horizon))
                return stuck("to " + what);
    }

    /// Lets what is under way arrive.
    void settle()
    {
        const auto horizon = scheduler_.now() + 4 * session_timeout;
        while (fine() && scheduler_.now() < horizon && step(horizon)) {}
    }

    /// Everything is closed: nothing may run any more, or ever ring.
    void check_quiet()
    {
        if (!server_.session_ids().empty())
            referee_.object("a session is left");
        if (const auto left = scheduler_.pending(); left != 0)
            referee_.object(fmt::format("{} tasks or alarms are left", left));
    }

    void measure_depth()
    {
        if (counts_.of("lines of five") != 0 || scheduler_.steps() % 16 != 0)
            return;
        for (const auto& directory : directories())
            if (server_.exists(directory) && server_.children(directory).size() >= 5)
                counts_.count("lines of five");
    }

    verdict conclude()
    {
        verdict v;
        v.violation = referee_.violation();
        v.counts = counts_;
        v.trace = scheduler_.notes();
        v.steps = scheduler_.steps();
        return v;
    }

    dice dice_;
    census counts_;
    const shape shape_;
    scheduler scheduler_;
    const std::shared_ptr<testing::memory_core> core_;
    testing::memory_server server_;
    referee referee_;
    nemesis nemesis_;
    world world_;
    std::vector<std::optional<session>> sessions_;
    std::size_t open_ = 0;
};

}  // namespace

verdict run_seed(std::uint64_t seed, bool trace)
{
    // On the heap, and never destroyed after a violation: what hangs then may not survive being taken apart.
    auto* s = new simulation{seed, trace};
    auto v = s->run();
    if (v.violation.empty())
        delete s;
    return v;
}

}  // namespace turnstile::simulation

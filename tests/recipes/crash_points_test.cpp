// kill -9 between any two steps, enumerated: a process goes through a flow on a real server and dies at its k-th operation,
// before it is sent and after it has been executed, for each k until the flow comes to its end. Whoever comes next goes on
// by the rules. The effect, a line in a file, must be there once in the end: never twice, never lost unnoticed.
#include "crash_flow.hpp"
#include "recipe_room.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/process.hpp>

#include <csignal>
#include <filesystem>
#include <iomanip>
#include <iostream>
#include <map>
#include <optional>
#include <sstream>

namespace turnstile::test {
namespace {

using namespace std::chrono_literals;
using namespace crash;

constexpr auto patience = 15s;

template <class T>
T wait(boost::asio::awaitable<T> what)
{
    return blocking::wait(std::move(what));
}

/// One place to die.
struct point {
    std::string base;
    ledger effects;
    ledger steps;

    bool came_to(const std::string& step) const { return steps.has(step); }
    bool took_effect() const { return !effects.lines().empty(); }
    std::string where() const
    {
        const auto all = steps.lines();
        return base + ": " + (all.empty() ? "nothing" : all.back());
    }
};

class crash_points_on_a_real_server : public ::testing::Test {
protected:
    crash_points_on_a_real_server()
    {
        std::filesystem::create_directories(files_);
        session_options o{real_zookeeper().connect_string()};
        o.session_timeout = 2s;
        s_.emplace(session::open(o));
    }
    ~crash_points_on_a_real_server() override
    {
        std::error_code none;
        std::filesystem::remove_all(files_, none);
    }

    /// Each point of a flow, as it was left; `meets` is called at once, while the dead one's session is alive.
    std::vector<point> all_points(const std::string& flow, const std::function<void(const point&)>& meets)
    {
        std::vector<point> died;
        for (const std::string moment : {"before", "after"})
            for (std::size_t k = 1; k < 200; ++k) {
                const auto name = flow + "-" + moment + "-" + std::to_string(k);
                const auto file = (files_ / name).string();
                point p{"/crash-" + run_name() + "/" + name, ledger{file + ".effects"}, ledger{file + ".steps"}};
                boost::process::child child{CRASH_CHILD,
                                            real_zookeeper().connect_string(),
                                            flow,
                                            p.base,
                                            file,
                                            std::to_string(sent_at_),
                                            std::to_string(k),
                                            moment};
                child.wait();
                if (child.native_exit_code() == 0) {
                    EXPECT_TRUE(p.came_to("ended"));
                    break;
                }
                EXPECT_TRUE(WIFSIGNALED(child.native_exit_code()) && WTERMSIG(child.native_exit_code()) == SIGKILL)
                    << p.where() << ", ended by " << child.native_exit_code();
                meets(p);
                died.push_back(std::move(p));
            }
        EXPECT_GT(died.size(), 10U);
        return died;
    }

    /// The line of the matrix: what was found, and what was done about it.
    void note(const std::string& found) { ++found_[found]; }

    void expect_once(const point& p) { EXPECT_THAT(p.effects.lines(), ::testing::ElementsAre(intent)) << p.where(); }

    void report(const char* recipe, std::size_t points)
    {
        const auto result = ::testing::UnitTest::GetInstance()->current_test_info()->result();
        int violations = 0;
        for (int i = 0; i < result->total_part_count(); ++i)
            violations += result->GetTestPartResult(i).failed();
        std::cout << "[ CRASHES  ] " << recipe << ": " << points << " points, before and after each operation\n";
        std::size_t sum = 0;
        for (const auto& [found, times] : found_) {
            std::cout << "[ CRASHES  ]   " << std::setw(4) << times << "  " << found << "\n";
            sum += times;
        }
        EXPECT_EQ(sum, points) << "each has come to something";
        std::cout << "[ CRASHES  ]   " << std::setw(4) << violations << "  violations\n";
    }

    static std::string run_name()
    {
        static const auto started = std::chrono::system_clock::now().time_since_epoch().count();
        return std::to_string(::getpid()) + "-" + std::to_string(started);
    }

    const std::filesystem::path files_ = std::filesystem::temp_directory_path() / ("crash-points-" + run_name());
    const long sent_at_ =
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
    std::optional<session> s_;
    std::map<std::string, std::size_t> found_;
};

// ---- once_gate: enter, declare, effect, commit

/// What whoever comes next does. False: come again.
bool goes_on_once(const once_gate& gate, const point& p, const std::function<void(const std::string&)>& note)
{
    const auto finish = [&](admitted mine, const std::string& found) {
        if (!p.effects.has(intent)) {
            wait(mine.declare(intent));
            p.effects.append(intent);
        }
        wait(mine.commit("order 42"));
        note(found);
    };
    auto entry = wait(gate.enter(checkout::key(7), print, patience));
    if (std::holds_alternative<in_progress>(entry))
        return false;
    if (const auto* done = std::get_if<already_done>(&entry)) {
        EXPECT_EQ(done->result, "order 42") << p.where();
        EXPECT_TRUE(p.took_effect()) << "lost silently: " << p.where();
        EXPECT_TRUE(p.came_to("ending")) << p.where();
        note("done, and its effect is there");
        return true;
    }
    if (auto* mine = std::get_if<admitted>(&entry)) {
        EXPECT_FALSE(p.took_effect()) << "done twice unnoticed: " << p.where();
        EXPECT_FALSE(p.came_to("entered")) << "a claim was lost: " << p.where();
        finish(std::move(*mine), "free: nothing had been claimed");
        return true;
    }
    if (!std::holds_alternative<orphan>(entry)) {
        ADD_FAILURE() << p.where() << ": answer " << entry.index();
        return true;
    }
    auto& left = std::get<orphan>(entry);
    const bool told = !left.intent().empty();
    EXPECT_TRUE(told || !p.took_effect()) << "an effect that nobody is told of: " << p.where();
    EXPECT_TRUE(told || !p.came_to("declared")) << "an intent was lost: " << p.where();
    EXPECT_TRUE(!told || left.intent() == intent) << p.where();
    EXPECT_TRUE(!told || p.came_to("entered")) << "an intent that was not declared: " << p.where();
    const std::string found = !told             ? "an orphan without an intent: no effect"
                              : p.took_effect() ? "an orphan with its intent: the effect is there"
                                                : "an orphan with its intent: no effect yet";
    auto mine = wait(left.take_over(patience));
    EXPECT_TRUE(mine) << p.where();
    if (mine)
        finish(std::move(*mine), found);
    return true;
}

TEST_F(crash_points_on_a_real_server, OnceGateEnterDeclareEffectCommit)
{
    std::map<std::string, once_gate> gates;
    std::vector<point> waiting;
    const auto tell = [this](const std::string& found) { note(found); };
    const auto all = all_points("once", [&](const point& p) {
        const auto& gate =
            gates.emplace(p.base, wait(once_gate::open(*s_, {checkout::definition()}, once_in(p.base)))).first->second;
        if (!goes_on_once(gate, p, tell))
            waiting.push_back(p);
    });
    EXPECT_FALSE(waiting.empty()) << "some have died while they were at work";
    for (const auto& p : waiting)
        EXPECT_TRUE(eventually([&] { return goes_on_once(gates.at(p.base), p, tell); }, patience)) << p.where();
    for (const auto& p : all) {
        expect_once(p);
        const auto seen = wait(gates.at(p.base).inspect(checkout::key(7), patience));
        EXPECT_TRUE(seen && seen->state == once_view::status::done) << p.where();
    }
    report("once_gate", all.size());
}

// ---- lane: enter, declare, effect, leave; and the next is told

TEST_F(crash_points_on_a_real_server, LaneEnterDeclareEffectLeave)
{
    async_runner run;
    std::map<std::string, lane> desks;
    std::map<std::string, running<std::variant<turn, refusal>>> entering;
    const auto all = all_points("lane", [&](const point& p) {
        const auto& desk =
            desks.emplace(p.base, wait(lane::open(*s_, {order::definition()}, lane_in(p.base)))).first->second;
        // At once: where the dead one's place is still there it waits for that to go.
        entering.emplace(p.base, run.spawn(desk.enter(order::key(42), {"next", patience})));
    });
    std::size_t waited = 0;
    for (const auto& p : all) {
        auto& asked = entering.at(p.base);
        waited += !asked.done();
        auto entered = asked.get();
        if (!std::holds_alternative<turn>(entered)) {
            ADD_FAILURE() << p.where() << ": refused";
            continue;
        }
        auto next = std::get<turn>(std::move(entered));
        const bool effect = p.took_effect();
        const bool told = next.predecessor_died();
        if (told) {
            EXPECT_EQ(next.predecessor_intent(), intent) << p.where();
            EXPECT_TRUE(p.came_to("entered")) << "an intent that was not declared: " << p.where();
            note(effect ? "told, and the effect is there" : "told, and no effect yet");
        } else {
            const bool ended_well = p.came_to("ending");
            EXPECT_TRUE(ended_well || !p.came_to("declared")) << "an intent was lost: " << p.where();
            EXPECT_TRUE(ended_well || !effect) << "an effect that nobody is told of: " << p.where();
            note(effect ? "not told: the turn had ended well" : "not told: nothing had been declared");
        }
        if (!p.effects.has(intent)) {
            next.reconciled();
            wait(next.declare(intent));
            p.effects.append(intent);
        }
        next.reconciled();
        wait(next.leave());
        auto afterwards = std::get<turn>(wait(desks.at(p.base).enter(order::key(42), {"afterwards", patience})));
        EXPECT_FALSE(afterwards.predecessor_died()) << p.where();
        wait(afterwards.leave());
        expect_once(p);
        EXPECT_TRUE(eventually([&] { return wait(s_->children(p.base + "/lanes/order/000")).empty(); })) << p.where();
    }
    EXPECT_GT(waited, 0U) << "some have died in their turn";
    report("lane", all.size());
}

// ---- message_gate: begin, effect, done

bool goes_on_with_the_message(const message_gate& gate, const point& p, const message& m,
                              const std::function<void(const std::string&)>& note)
{
    auto entry = wait(gate.begin(m, patience));
    if (std::holds_alternative<defer>(entry))
        return false;
    const bool effect = p.took_effect();
    if (std::holds_alternative<skip_done>(entry)) {
        EXPECT_TRUE(effect) << "lost silently: " << p.where();
        EXPECT_TRUE(p.came_to("ending")) << p.where();
        note("done, and its effect is there");
        return true;
    }
    auto* mine = std::get_if<delivery>(&entry);
    if (!mine) {
        ADD_FAILURE() << p.where() << ": answer " << entry.index();
        return true;
    }
    if (mine->attempt() == 1) {
        EXPECT_FALSE(effect) << "done twice unnoticed: " << p.where();
        EXPECT_FALSE(p.came_to("entered")) << "an attempt was not counted: " << p.where();
        note("new: nobody had begun");
    } else {
        EXPECT_EQ(mine->attempt(), 2U) << p.where();
        note(effect ? "a second attempt: the inbox has it" : "a second attempt: no effect yet");
    }
    if (!p.effects.has(intent))  // the inbox
        p.effects.append(intent);
    wait(mine->done());
    return true;
}

TEST_F(crash_points_on_a_real_server, MessageGateBeginEffectDone)
{
    std::map<std::string, message_gate> gates;
    std::vector<point> waiting;
    const auto m = the_message(sent_at_);
    const auto tell = [this](const std::string& found) { note(found); };
    const auto all = all_points("message", [&](const point& p) {
        const auto& gate =
            gates.emplace(p.base, wait(message_gate::open(*s_, "payments-in", messages_in(p.base)))).first->second;
        if (!goes_on_with_the_message(gate, p, m, tell))
            waiting.push_back(p);
    });
    EXPECT_FALSE(waiting.empty()) << "some have died while they were at work";
    for (const auto& p : waiting)
        EXPECT_TRUE(eventually([&] { return goes_on_with_the_message(gates.at(p.base), p, m, tell); }, patience))
            << p.where();
    for (const auto& p : all) {
        expect_once(p);
        EXPECT_TRUE(std::holds_alternative<skip_done>(wait(gates.at(p.base).begin(m, patience)))) << p.where();
    }
    report("message_gate", all.size());
}

}  // namespace
}  // namespace turnstile::test

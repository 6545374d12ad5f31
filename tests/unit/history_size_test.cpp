// A long history takes a judge about a second, and one wrong event in it is found.
#include "support/story.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <sstream>
#include <string>

namespace turnstile::test {

namespace {

constexpr int events_in_all = 100'000;
constexpr int events_per_turn = 5;
constexpr int keys = 7;

/// Lines of five waiters on several keys, each served in turn, with a fault now and then.
std::string long_history(int wrong_turn)
{
    std::ostringstream out;
    std::chrono::nanoseconds now = 1s;
    const auto line = [&](history_event e) {
        now += 20us;
        e.monotonic = now;
        e.boot = now + 1h;
        out << testing::to_line(e) << '\n';
    };
    for (int turn = 0; turn < events_in_all / events_per_turn; ++turn) {
        const auto op = "w" + std::to_string(turn % 50) + "-" + std::to_string(turn);
        const auto key = "key" + std::to_string(turn % keys);
        const auto token = turn == wrong_turn ? 1 : 1000 + turn;
        for (const auto type : {history_event_type::invoke, history_event_type::enqueued, history_event_type::granted,
                                history_event_type::effect, history_event_type::released}) {
            history_event e{type, op, key, type == history_event_type::invoke ? 0 : token};
            e.process = "w" + std::to_string(turn % 50);
            e.held_until = type == history_event_type::granted ? now + 1h + 1s : 0s;
            line(e);
        }
    }
    return out.str();
}

testing::history_verdict verdict_on(const std::string& text)
{
    std::istringstream in{text};
    return testing::judge(testing::read_history(in), story::quiet_history());
}

}  // namespace

TEST(history_size, AHundredThousandEventsOfAGoodHistoryAreJudgedGood)
{
    const auto text = long_history(-1);
    const auto begin = std::chrono::steady_clock::now();
    const auto v = verdict_on(text);
    const auto took = std::chrono::steady_clock::now() - begin;
    EXPECT_EQ(v.violations_in_all(), 0);
    EXPECT_EQ(v.figures.at("grants"), events_in_all / events_per_turn);
    // About a second. Whoever makes it quadratic meets the limit that ctest sets.
    RecordProperty("milliseconds", static_cast<int>(took / 1ms));
}

TEST(history_size, OneWrongTokenInAHundredThousandEventsIsFound)
{
    const auto v = verdict_on(long_history(12'345));
    ASSERT_GT(v.violations_in_all(), 0);
    for (const auto& violation : v.violations)
        EXPECT_NE(violation.what.find("w45-12345"), std::string::npos) << violation.what;
}

}  // namespace turnstile::test

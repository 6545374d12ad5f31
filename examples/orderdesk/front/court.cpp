#include "court.hpp"

#include "desk/turn_log.hpp"
#include "interrupt.hpp"
#include "judge/verdict_json.hpp"
#include "onlooker.hpp"

#include <nlohmann/json.hpp>

#include <fstream>
#include <vector>

namespace orderdesk {

namespace {

using namespace std::chrono_literals;

/// In the book, because the judge asks nobody.
void take_census(stage& st)
{
    const onlooker last{st};
    std::vector<std::string> left;
    // Who was killed is there until the servers have given its session up.
    try {
        wait_until(
            "nothing is left in ZooKeeper", [&] { return (left = last.nodes_left()).empty(); }, 10s);
    } catch (const std::runtime_error&) {
    }
    database book{(st.dir() / "orders.db").string()};
    for (const auto& path : left)
        note_node_left(book, path);
}

}  // namespace

nlohmann::json call_the_judge(stage& st, const std::string& of)
{
    std::vector<std::string> arguments{"--json"};
    if (!of.empty())
        arguments.push_back(of);
    auto& judge = st.start("judge", "judge", arguments);
    wait_until("the judge has judged", [&] { return !judge.running(); });
    std::ifstream said{st.dir() / "judge.out"};
    auto parsed = nlohmann::json::parse(said, nullptr, false);
    if (parsed.is_discarded())
        st.expect_alive(judge);
    return parsed;
}

verdict hold_court(stage& st)
{
    st.close_the_books();
    take_census(st);
    return verdict_from<verdict>(call_the_judge(st, {}));
}

std::string in_words(const verdict& v)
{
    std::string broken;
    int rules = 0;
    for (const auto& f : v.findings) {
        rules += f.applies ? 1 : 0;
        for (const auto& e : f.examples)
            broken += (broken.empty() ? "" : "; ") + f.title + " (" + e + ")";
    }
    return broken.empty() ? "none of " + std::to_string(rules) + " rules is broken" : broken;
}

}  // namespace orderdesk

#include "acts.hpp"
#include "asking.hpp"
#include "buyers_notes.hpp"
#include "court.hpp"
#include "desk/database.hpp"
#include "desk/order_book.hpp"
#include "interrupt.hpp"
#include "onlooker.hpp"
#include "pictures.hpp"

#include <csignal>

#include <algorithm>
#include <future>
#include <string>
#include <vector>

namespace orderdesk {

namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds session_timeout = 2s;
constexpr auto scheduling = 300ms;         // from the grant to the line in the log, on a busy machine
constexpr auto thinks = "150";             // milliseconds: turns that can be seen in the picture
constexpr auto thinks_for_long = "20000";  // long enough to be killed meanwhile
constexpr auto dead_ones_price = 100;      // cents: should it ever be written, everybody sees it

struct waiter {
    std::string process;
    std::string request;
    nlohmann::json answer;
};

/// By the events: who was granted after the kill, in order, and when the first one was.
struct succession {
    std::vector<std::string> order;
    std::chrono::microseconds vacant{};
};

succession who_came_next(const std::filesystem::path& dir)
{
    succession s;
    std::int64_t killed = 0;
    std::int64_t last_token = 0;
    for (const auto& e : read_events(dir / "events.jsonl")) {
        const auto what = e.at("event").get<std::string>();
        if (what == event::killed)
            killed = e.at("t");
        if (what != event::granted || killed == 0)
            continue;
        if (s.order.empty())
            s.vacant = std::chrono::microseconds{e.at("t").get<std::int64_t>() - killed};
        // Tokens tell the true order, should stamps of two processes lie within a moment.
        const auto at = e.at("token").get<std::int64_t>() > last_token ? s.order.end() : s.order.begin();
        last_token = std::max(last_token, e.at("token").get<std::int64_t>());
        s.order.insert(at, e.at("process").get<std::string>());
    }
    return s;
}

/// What the servers granted the victim: they have bounds of their own.
std::chrono::milliseconds granted_timeout(const std::filesystem::path& dir)
{
    for (const auto& e : read_events(dir / "events.jsonl"))
        if (e.at("event") == event::session && e.at("process") == "priced-1")
            return std::chrono::milliseconds{e.at("timeout_ms").get<int>()};
    return session_timeout;
}

}  // namespace

act_result kill_act(const ensemble& zookeeper, const settings& s, terminal& out)
{
    // Outlive the stage: an answer is waited for in a thread, and comes or fails when its service ends.
    std::future<nlohmann::json> victim;
    std::vector<std::future<nlohmann::json>> answers;
    stage st{zookeeper, *s.databases, s.dir / "kill"};
    open_orders(st.orders(), "lane", 1, s.seed);
    st.start_service("pspd", "pspd", {"--answer-min", thinks, "--answer-max", thinks});
    const auto psp = std::to_string(st.port_of("pspd"));
    const auto priced = [&](const char* name, const char* think) {
        st.start_service("priced", name,
                         st.guarded("lane", session_timeout, {"--psp", psp, "--think-min", think, "--think-max", think}));
    };
    priced("priced-1", thinks_for_long);
    priced("priced-2", thinks);
    priced("priced-3", thinks);
    for (const auto* name : {"payd-1", "payd-2"})
        st.start_service("payd", name, st.guarded("lane", session_timeout, {"--psp", psp}));

    database book{st.orders()};
    victim = ask_in_background(st.port_of("priced-1"), "edit-1", dead_ones_price);
    wait_until("the victim has its turn", [&] { return newest_action(book, 1) == action::entered; });

    // The others come one by one, so that everybody knows who came first.
    const onlooker looks{st};
    std::vector<waiter> waiters{
        {"priced-2", "edit-2", {}}, {"payd-1", "tap-1", {}}, {"priced-3", "edit-3", {}}, {"payd-2", "tap-2", {}}};
    for (const auto& w : waiters) {
        answers.push_back(ask_in_background(st.port_of(w.process), w.request, 8000));
        const auto places = answers.size() + 1;
        wait_until(w.process + " stands in line", [&] { return looks.line_of(1).size() == places; });
    }
    auto places = looks.line_of(1);
    const auto holder = places.front();
    places.erase(places.begin());
    out.say("   in line    " + holder + " holds, and thinks about a price; waiting: " + joined(places));

    st.log().tell_of(holder, event::killed);
    st.cast(holder).send(SIGKILL);
    got("the victim is gone", victim);
    for (std::size_t i = 0; i < waiters.size(); ++i)
        waiters[i].answer = got(waiters[i].process + " answers", answers[i]);

    const auto next = who_came_next(st.dir());
    const auto timeout = granted_timeout(st.dir());
    const auto limit = timeout + zookeeper.tick(timeout) + scheduling;
    out.say("   granted    " + joined(next.order));
    for (const auto& w : waiters)
        out.say("              " + padded_right(w.process, 10) + padded_right(w.request, 8) + out.dim(in_words(w.answer)));

    buyers_notes notes{st};
    for (const auto& w : waiters)
        notes.write(w.request, w.answer);
    const auto judged = hold_court(st);
    const bool in_order = places == next.order;
    const bool in_time = next.vacant <= limit;
    const bool clean = judged.anomalies == 0 && judged.paid == 1;
    out.verdict(in_order, "granted in the order of their places");
    out.verdict(in_time, "the order was free again " + milliseconds(next.vacant) +
                             " after the kill (session timeout: " + milliseconds(timeout) + ", and a tick of the server)");
    out.verdict(clean, "the dead one's edit is nowhere, the order is paid once; judge: " + in_words(judged));

    act_result r;
    r.good = in_order && in_time && clean;
    r.picture = save_picture(picture_of_act(st.dir(), "The holder is killed",
                                            "Its session ends by itself, and those who wait are served in the order of "
                                            "their places."),
                             s.pictures / "kill.svg");
    return r;
}

}  // namespace orderdesk

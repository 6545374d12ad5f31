#include "acts.hpp"
#include "desk/database.hpp"
#include "desk/order_book.hpp"
#include "interrupt.hpp"
#include "pictures.hpp"

#include <turnstile/blocking.hpp>
#include <turnstile/recipes/mutex.hpp>

#include <csignal>

#include <algorithm>
#include <exception>
#include <future>
#include <string>
#include <vector>

namespace orderdesk {

namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds session_timeout = 2s;
constexpr auto scheduling = 300ms;       // from the grant to the line in the log, on a busy machine
constexpr auto thinks = "150";           // milliseconds: turns that can be seen in the picture
constexpr auto answers_after = "20000";  // milliseconds: long enough to be killed meanwhile

struct waiter {
    std::string process;
    std::string request;
    nlohmann::json answer;
};

std::int64_t captures(database& psp)
{
    auto counting = psp.prepare("SELECT count(*) AS n FROM captures");
    counting.step();
    return counting.integer("n");
}

/// Nothing but "no answer" is to be expected of one who will be killed.
std::future<void> ask_the_doomed(port_number port, const std::string& request)
{
    return std::async(std::launch::async, [=] {
        try {
            ask(port, {{"request", request}, {"order", 1}});
        } catch (const std::exception&) {
        }
    });
}

std::future<nlohmann::json> ask_later(port_number port, const std::string& request)
{
    return std::async(std::launch::async, [=] { return ask(port, {{"request", request}, {"order", 1}, {"price", 8000}}); });
}

template <class T>
T got(const std::string& what, std::future<T>& answer)
{
    wait_until(what, [&] { return answer.wait_for(0s) == std::future_status::ready; });
    return answer.get();
}

std::string joined(const std::vector<std::string>& words)
{
    std::string out;
    for (const auto& w : words)
        out += (out.empty() ? "" : ", ") + w;
    return out;
}

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
        if (e.at("event") == event::session && e.at("process") == "payd-1")
            return std::chrono::milliseconds{e.at("timeout_ms").get<int>()};
    return session_timeout;
}

}  // namespace

act_result kill_act(const ensemble& zookeeper, const settings& s, terminal& out)
{
    // Outlive the stage: an answer is waited for in a thread, and comes or fails when its service ends.
    std::future<void> victim;
    std::vector<std::future<nlohmann::json>> answers;
    stage st{zookeeper, *s.databases, s.dir / "kill"};
    open_orders(st.orders(), "lock", 1, s.seed);
    st.start_service("pspd", "pspd", {"--answer-min", answers_after, "--answer-max", answers_after});
    const auto psp = std::to_string(st.port_of("pspd"));
    for (const auto* name : {"payd-1", "payd-2", "payd-3"})
        st.start_service("payd", name, st.guarded("lock", session_timeout, {"--psp", psp}));
    for (const auto* name : {"priced-1", "priced-2"})
        st.start_service("priced", name,
                         st.guarded("lock", session_timeout, {"--think-min", thinks, "--think-max", thinks}));

    // The victim holds the order and has charged the buyer; the provider has not answered yet.
    victim = ask_the_doomed(st.port_of("payd-1"), "tap-1");
    database psp_book{st.dir() / "psp.db"};
    wait_until("the victim has charged", [&] { return captures(psp_book) == 1; });

    // The others come one by one, so that everybody knows who came first.
    turnstile::session_options options{zookeeper.servers()};
    options.root = st.root();
    options.label = "orderdesk";
    turnstile::blocking::session onlooker{options};
    turnstile::mutex order_lock{onlooker, "/locks/orders/1"};
    std::vector<waiter> waiters{
        {"priced-1", "edit-1", {}}, {"payd-2", "tap-2", {}}, {"priced-2", "edit-2", {}}, {"payd-3", "tap-3", {}}};
    for (const auto& w : waiters) {
        answers.push_back(ask_later(st.port_of(w.process), w.request));
        const auto places = answers.size() + 1;
        wait_until(w.process + " stands in line", [&] { return onlooker.wait(order_lock.line()).size() == places; });
    }
    const auto line = onlooker.wait(order_lock.line());
    std::vector<std::string> places;
    for (std::size_t i = 1; i < line.size(); ++i)
        places.push_back(line[i].label);
    out.say("   in line    " + line.front().label + " holds and has charged the buyer; waiting: " + joined(places));

    st.log().tell_of("payd-1", event::killed);
    st.cast("payd-1").send(SIGKILL);
    got("the victim is gone", victim);
    for (std::size_t i = 0; i < waiters.size(); ++i)
        waiters[i].answer = got(waiters[i].process + " answers", answers[i]);

    st.cast("pspd").send(SIGKILL);  // it would still tell the dead one, and keep us waiting

    const auto next = who_came_next(st.dir());
    const auto timeout = granted_timeout(st.dir());
    const auto limit = timeout + zookeeper.tick(timeout) + scheduling;
    const auto final_row = [&] {
        database book{st.orders()};
        return read_order(book, 1);
    }();
    out.say("   granted    " + joined(next.order));
    for (const auto& w : waiters)
        out.say(
            "              " + padded_right(w.process, 10) + padded_right(w.request, 8) +
            out.dim(w.answer.at("outcome").get<std::string>() +
                    (w.answer.at("why").get<std::string>().empty() ? "" : ", " + w.answer.at("why").get<std::string>())));

    const bool in_order = places == next.order;
    const bool in_time = next.vacant <= limit;
    const bool once = captures(psp_book) == 1 && final_row.status == status::paid;
    out.verdict(in_order, "granted in the order of their places");
    out.verdict(in_time, "the order was free again " + milliseconds(next.vacant) +
                             " after the kill (session timeout: " + milliseconds(timeout) + ", and a tick of the server)");
    out.verdict(once, "the next payer found the dead one's key and asked under it again: charged once");

    st.close_the_books();
    act_result r;
    r.good = in_order && in_time && once;
    r.picture = save_picture(
        picture_of_act(st.dir(), "The holder is killed in the middle of a payment",
                       "Its session ends by itself, and those who wait are served in the order of their places. "
                       "The money moved once."),
        s.pictures / "kill.svg");
    return r;
}

}  // namespace orderdesk

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

namespace orderdesk {

namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds session_timeout = 2s;
constexpr auto thinks = "150";           // milliseconds: turns that can be seen in the picture
constexpr auto answers_after = "20000";  // the provider: long enough to kill the payer meanwhile

std::int64_t captures(database& psp)
{
    auto counting = psp.prepare("SELECT count(*) AS n FROM captures");
    counting.step();
    return counting.integer("n");
}

/// Who was told what the dead one had declared, and what it found out.
struct settlement {
    std::string told;
    std::string key;
    bool captured = false;
};

settlement who_settled(const std::filesystem::path& dir)
{
    settlement s;
    for (const auto& e : read_events(dir / "events.jsonl")) {
        if (e.at("event") == event::told)
            s.told = e.at("process");
        if (e.at("event") == event::settled && e.at("process") == s.told) {
            s.key = e.at("key");
            s.captured = e.at("captured");
        }
    }
    return s;
}

}  // namespace

act_result payer_act(const ensemble& zookeeper, const settings& s, terminal& out)
{
    // Outlive the stage: an answer is waited for in a thread, and comes or fails when its service ends.
    std::future<nlohmann::json> tap;
    std::future<nlohmann::json> edit;
    stage st{zookeeper, *s.databases, s.dir / "payer"};
    open_orders(st.orders(), "lane", 1, s.seed);
    st.start_service("pspd", "pspd", {"--answer-min", answers_after, "--answer-max", answers_after});
    const auto psp = std::to_string(st.port_of("pspd"));
    for (const auto* name : {"payd-1", "payd-2"})
        st.start_service("payd", name, st.guarded("lane", session_timeout, {"--psp", psp}));
    st.start_service("priced", "priced-1",
                     st.guarded("lane", session_timeout, {"--psp", psp, "--think-min", thinks, "--think-max", thinks}));

    tap = ask_in_background(st.port_of("payd-1"), "tap-1");
    database psp_book{(st.dir() / "psp.db").string()};
    wait_until("the buyer is charged", [&] { return captures(psp_book) == 1; });
    const onlooker looks{st};
    edit = ask_in_background(st.port_of("priced-1"), "edit-1", 8000);
    wait_until("priced-1 stands in line", [&] { return looks.line_of(1).size() == 2; });
    const auto declared = looks.intent_of(1);
    out.say("   payd-1 has charged the buyer, the order does not say so yet, and priced-1 waits to edit the price");
    out.say("   declared in the lane: " + out.dim(declared));

    st.log().tell_of("payd-1", event::killed);
    st.cast("payd-1").send(SIGKILL);
    const auto lost = got("the payer is gone", tap);
    const auto edited = got("priced-1 answers", edit);
    // The buyer saw the connection break, and taps again: the same request, another instance.
    auto again = ask_in_background(st.port_of("payd-2"), "tap-1");
    const auto paid = got("payd-2 answers", again);
    st.cast("pspd").send(SIGKILL);  // it would still tell the dead one, and keep us waiting

    const auto row = [&] {
        database book{st.orders()};
        return read_order(book, 1);
    }();
    const auto settled = who_settled(st.dir());
    out.say("   payd-1 is killed; the tap got " + in_words(lost) + ", the edit got: " + in_words(edited) +
            ", the same tap again: " + in_words(paid));

    buyers_notes notes{st};
    notes.write("tap-1", paid);
    notes.write("edit-1", edited);
    const auto judged = hold_court(st);
    const bool told = settled.told == "priced-1" && settled.key == "tap-1" && settled.captured;
    const bool refused = edited.is_object() && edited.at("outcome") == "refused";
    const bool once = captures(psp_book) == 1 && row.status == status::paid && paid.is_object() &&
                      paid.at("outcome") == "paid" && judged.anomalies == 0;
    out.verdict(told,
                "the next one, an editor of prices, was told, and asked the provider what came of the key " + row.psp_key);
    out.verdict(refused, "it marked the order paid, and refused its own edit");
    out.verdict(once, "the buyer was charged once, and told so; judge: " + in_words(judged));

    act_result r;
    r.good = told && refused && once;
    r.picture = save_picture(
        picture_of_act(
            st.dir(), "The payer dies after the charge",
            "It had declared what it was about to do. Whoever comes next is told, asks the provider, and puts the "
            "order right before it does anything of its own."),
        s.pictures / "payer.svg");
    return r;
}

}  // namespace orderdesk

#include "acts.hpp"
#include "asking.hpp"
#include "buyers_notes.hpp"
#include "court.hpp"
#include "desk/database.hpp"
#include "desk/order_book.hpp"
#include "desk/turn_log.hpp"
#include "interrupt.hpp"
#include "pictures.hpp"

#include <turnstile/error.hpp>

#include <csignal>

#include <algorithm>
#include <future>
#include <string>
#include <vector>

namespace orderdesk {

namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds session_timeout = 2s;
constexpr auto thinks = "600";  // milliseconds between its read and its write: frozen in between

bool holds(database& book, const std::string& process)
{
    auto asking = book.prepare("SELECT count(*) AS n FROM history WHERE process = :process AND action = 'entered'");
    asking.bind(":process", process).step();
    return asking.integer("n") > 0;
}

/// What the zombie told about itself.
const nlohmann::json* told(const std::vector<nlohmann::json>& events, const std::string& process, const char* what)
{
    const auto at = std::ranges::find_if(
        events, [&](const nlohmann::json& e) { return e.at("process") == process && e.at("event") == what; });
    return at == events.end() ? nullptr : &*at;
}

}  // namespace

act_result zombie_act(const ensemble& zookeeper, const settings& s, terminal& out)
{
    // Outlive the stage: an answer is waited for in a thread, and comes or fails when its service ends.
    std::future<nlohmann::json> edit;
    std::future<nlohmann::json> tap;
    stage st{zookeeper, *s.databases, s.dir / "zombie"};
    open_orders(st.orders(), "lane", 1, s.seed);
    st.start_service("pspd", "pspd", {});
    const auto psp = std::to_string(st.port_of("pspd"));
    st.start_service("payd", "payd-1", st.guarded("lane", session_timeout, {"--psp", psp}));
    auto& zombie = st.start_service(
        "priced", "priced-1",
        st.guarded("lane", session_timeout, {"--psp", psp, "--careless", "--think-min", thinks, "--think-max", thinks}));

    database book{st.orders()};
    edit = ask_in_background(st.port_of("priced-1"), "edit-1", 100);
    wait_until("priced-1 has its turn", [&] { return holds(book, "priced-1"); });
    zombie.send(SIGSTOP);
    st.log().tell_of("priced-1", event::frozen);
    note_zombie(book, key_of(1), "edit-1");
    const auto frozen_at = now_us();
    out.say("   priced-1 holds the order, has read the price, and is frozen");

    tap = ask_in_background(st.port_of("payd-1"), "tap-1");
    const auto paid = got("payd-1 answers", tap);
    out.say("   payd-1 got its turn when the frozen one's session was over, and answered: " + in_words(paid) + " (" +
            milliseconds(std::chrono::microseconds{now_us() - frozen_at}) + " after the freeze)");
    const auto before = read_order(book, 1);
    pause(300ms);

    st.log().tell_of("priced-1", event::woken);
    zombie.send(SIGCONT);
    const auto refused = got("the zombie answers", edit);
    const auto after = read_order(book, 1);
    out.say("   priced-1 wakes up, and goes on where it stood: it writes its price");

    const auto events = read_events(st.dir() / "events.jsonl");
    const auto* lost = told(events, "priced-1", event::lost);
    const auto* fenced = told(events, "priced-1", event::fenced);
    const bool first_line = lost != nullptr && lost->at("code") == static_cast<int>(turnstile::errc::lost);
    const bool second_line = fenced != nullptr && fenced->at("rows") == 0 && refused.at("outcome") == "refused";
    const bool unharmed = paid.at("outcome") == "paid" && before.status == status::paid && after.status == status::paid &&
                          after.price == before.price && after.quote == before.quote;
    out.verdict(first_line, "first line of defence: lease.check() throws: \"" +
                                (lost == nullptr ? std::string{"nothing"} : lost->at("why").get<std::string>()) + "\"");
    out.verdict(second_line, "second line, for a program that does not ask: the fenced UPDATE changes " +
                                 (fenced == nullptr ? std::string{"?"} : std::to_string(fenced->at("rows").get<int>())) +
                                 " rows");
    buyers_notes notes{st};
    notes.write("edit-1", refused);
    notes.write("tap-1", paid);
    const auto judged = hold_court(st);
    const bool clean = unharmed && judged.anomalies == 0;
    out.verdict(clean, "the order is paid at the price that was charged; judge: " + in_words(judged));

    act_result r;
    r.good = first_line && second_line && clean;
    r.picture =
        save_picture(picture_of_act(st.dir(), "The holder is frozen beyond its session, and wakes up",
                                    "Another process has taken its turn and been paid. The zombie's write is stopped twice: "
                                    "by the lease, and by the row."),
                     s.pictures / "zombie.svg");
    return r;
}

}  // namespace orderdesk

#include "acts.hpp"
#include "comparison.hpp"
#include "court.hpp"
#include "desk/checkout_book.hpp"
#include "desk/database.hpp"
#include "desk/event_log.hpp"
#include "desk/wire.hpp"
#include "judge/verdict_json.hpp"

#include <barrier>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace orderdesk {

namespace {

using namespace std::chrono_literals;

constexpr int taps = 50;
constexpr int processes = 5;
constexpr int tries_max = 50;
constexpr std::chrono::milliseconds session_timeout = 4s;

struct told {
    std::optional<std::int64_t> order;
    int tries = 0;
    std::int64_t took_us = 0;
};

std::string name_of(std::size_t nth)
{
    const auto number = std::to_string(nth + 1);
    return "tap-" + std::string(number.size() < 2 ? 1 : 0, '0') + number;
}

/// Comes again for as long as it is told to.
told tap_on(port_number port, const std::string& name)
{
    const nlohmann::json question{{"request", name}, {"user", 7}, {"basket", "2 tickets"}, {"amount", 9800}};
    const auto began = now_us();
    told t;
    try {
        for (nlohmann::json a; t.tries < tries_max && !t.order;) {
            a = ask(port, question);
            ++t.tries;
            if (a.contains("order"))
                t.order = a.at("order").get<std::int64_t>();
            else
                std::this_thread::sleep_for(std::chrono::milliseconds{a.value("retry_after_ms", 50)});
        }
    } catch (const std::exception&) {  // no answer: the judge will ask for it
    }
    t.took_us = now_us() - began;
    return t;
}

void make_book(const std::filesystem::path& file, const std::string& setting)
{
    database db{file.string()};
    make_checkout_tables(db, setting);
}

void note(const std::filesystem::path& file, const std::vector<told>& answers)
{
    database db{file.string()};
    transaction t{db};
    for (std::size_t i = 0; i < answers.size(); ++i) {
        auto noting = db.prepare("INSERT INTO taps (tap, order_id, tries, took_us) VALUES (:tap, :order, :tries, :took)");
        noting.bind(":tap", name_of(i)).bind(":tries", std::int64_t{answers[i].tries}).bind(":took", answers[i].took_us);
        if (answers[i].order)
            noting.bind(":order", *answers[i].order);
        noting.run();
    }
    t.commit();
}

taps_verdict play(const ensemble& zookeeper, const settings& s, const std::string& setting)
{
    stage st{zookeeper, *s.databases, s.dir / ("taps-" + setting)};
    const auto book = st.dir() / "checkout.db";
    make_book(book, setting);
    std::vector<port_number> ports;
    for (int i = 1; i <= processes; ++i) {
        const auto name = "checkoutd-" + std::to_string(i);
        st.start_service("checkoutd", name,
                         {"--setting", setting, "--zookeeper", st.zookeeper().servers(), "--root", st.root(),
                          "--session-timeout", std::to_string(session_timeout.count())});
        ports.push_back(st.port_of(name));
    }
    std::vector<told> answers(taps);
    {
        std::barrier all_fingers_are_ready{taps};
        std::vector<std::jthread> fingers;
        for (std::size_t i = 0; i < answers.size(); ++i)
            fingers.emplace_back([&, i] {
                all_fingers_are_ready.arrive_and_wait();
                answers[i] = tap_on(ports[i % ports.size()], name_of(i));
            });
    }
    note(book, answers);
    st.everybody_leaves();
    return verdict_from<taps_verdict>(call_the_judge(st, "--taps"));
}

}  // namespace

taps_result taps_act(const ensemble& zookeeper, const settings& s, terminal& out)
{
    taps_result r;
    r.without = play(zookeeper, s, "none");
    r.with = play(zookeeper, s, "gate");

    const comparison table{out, {"nothing", "once_gate"}};
    table.head();
    table.rule();
    for (std::size_t i = 0; i < r.with.findings.size(); ++i)
        table.counts(r.with.findings[i].title, {r.without.findings[i].anomalies, r.with.findings[i].anomalies});
    table.rule();
    table.facts("taps", {r.without.taps, r.with.taps});
    table.facts("orders placed", {r.without.placed, r.with.placed});
    table.facts("told to come again, and then of the same order", {r.without.again, r.with.again});
    table.facts("the slowest answer", {seconds(std::chrono::microseconds{r.without.slowest_us}),
                                       seconds(std::chrono::microseconds{r.with.slowest_us})});
    out.say();

    r.rough = r.without.anomalies > 0;
    r.good = r.with.anomalies == 0 && r.with.placed == 1 && r.with.taps == taps;
    out.verdict(r.rough, r.rough ? std::to_string(taps) + " taps without a gate: " + thousands(r.without.placed) + " orders"
                                 : "one order without a gate: the run was too gentle and proves nothing");
    out.verdict(r.good, std::to_string(taps) + " taps through " + std::to_string(processes) +
                            " processes with the gate: " + thousands(r.with.placed) + " order, and all taps are told of it");
    return r;
}

}  // namespace orderdesk

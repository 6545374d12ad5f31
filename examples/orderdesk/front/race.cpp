#include "acts.hpp"
#include "desk/order_book.hpp"
#include "interrupt.hpp"
#include "pictures.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>
#include <map>
#include <stdexcept>
#include <string_view>

namespace orderdesk {

namespace {

using namespace std::chrono_literals;

constexpr auto session_timeout = 4s;
constexpr auto patience = 120s;

int count(database& book, std::string_view what)
{
    auto counting = book.prepare(what);
    counting.step();
    return static_cast<int>(counting.integer("n"));
}

int answered(database& buyers)
{
    // The buyers may not have opened their book yet.
    const bool open = count(buyers, "SELECT count(*) AS n FROM sqlite_master WHERE name = 'answers'") == 1;
    return open ? count(buyers, "SELECT count(*) AS n FROM answers") : 0;
}

void watch(stage& st, child& buyers, const settings& s, terminal& out)
{
    const auto began = std::chrono::steady_clock::now();
    const auto since = [&] {
        return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began);
    };
    database book{st.dir() / "buyers.db"};
    while (buyers.running()) {
        out.progress("requests answered", answered(book), s.requests, since());
        pause(100ms);
        if (since() > patience)
            throw std::runtime_error{"the buyers are not done after " + seconds(patience)};
    }
    out.progress("requests answered", answered(book), s.requests, since());
    out.progress_ends();
    if (buyers.exit_code() != 0)
        st.expect_alive(buyers);
}

/// The judge is a process of its own, as everybody here; what it says comes as JSON.
verdict call_the_judge(stage& st)
{
    auto& judge = st.start("judge", "judge", {"--json"});
    wait_until("the judge has judged", [&] { return !judge.running(); });
    std::ifstream said{st.dir() / "judge.out"};
    const auto parsed = nlohmann::json::parse(said, nullptr, false);
    if (parsed.is_discarded())
        st.expect_alive(judge);
    verdict v;
    v.guard = parsed.at("guard");
    v.anomalies = parsed.at("anomalies");
    v.answers = parsed.at("answers");
    v.paid = parsed.at("paid");
    v.edits = parsed.at("edits");
    v.median_us = parsed.at("median_us");
    v.p99_us = parsed.at("p99_us");
    for (const auto& f : parsed.at("findings"))
        v.findings.push_back({f.at("rule"), f.at("title"), f.at("applies"), f.at("anomalies"), f.at("examples")});
    return v;
}

/// By the events: how many transactions were open, each on a connection, while the race went on.
void count_pinned(const std::filesystem::path& dir, race_result& r)
{
    std::chrono::microseconds all{};
    std::map<std::int64_t, int> changes;
    for (const auto& e : read_events(dir / "events.jsonl")) {
        if (e.at("event") != event::pinned)
            continue;
        const auto since = e.at("since").get<std::int64_t>();
        const auto until = e.at("t").get<std::int64_t>();
        all += std::chrono::microseconds{until - since};
        ++changes[since];
        --changes[until];
    }
    r.pinned = static_cast<double>(all.count()) / static_cast<double>(r.took.count());
    for (int now = 0; const auto& [when, change] : changes)
        r.pinned_most = std::max(r.pinned_most, now += change);
}

std::int64_t broken(const race_result& r, std::string_view rule)
{
    const auto found = std::ranges::find(r.judged.findings, rule, &finding::rule);
    return found == r.judged.findings.end() ? 0 : found->anomalies;
}

}  // namespace

race_result race(const ensemble& zookeeper, const settings& s, terminal& out, const std::string& guard)
{
    stage st{zookeeper, *s.databases, s.dir / ("race-" + guard)};
    open_orders(st.orders(), guard, s.orders, s.seed);
    st.start_service("pspd", "pspd", {"--workers", "32"});
    const auto psp = std::to_string(st.port_of("pspd"));
    for (const auto* name : {"payd-1", "payd-2"})
        st.start_service("payd", name, st.guarded(guard, session_timeout, {"--psp", psp}));
    for (const auto* name : {"priced-1", "priced-2"})
        st.start_service("priced", name, st.guarded(guard, session_timeout, {}));

    const auto began = now_us();
    auto& buyers = st.start(
        "buyers", "buyers",
        {"--seed", std::to_string(s.seed), "--orders", std::to_string(s.orders), "--requests", std::to_string(s.requests),
         "--pay", std::to_string(st.port_of("payd-1")), std::to_string(st.port_of("payd-2")), "--edit",
         std::to_string(st.port_of("priced-1")), std::to_string(st.port_of("priced-2"))});
    watch(st, buyers, s, out);
    race_result r;
    r.took = std::chrono::microseconds{now_us() - began};
    st.close_the_books();
    r.judged = call_the_judge(st);
    count_pinned(st.dir(), r);
    // The pictures know two ways: everybody at once, and one turn after the other.
    if (guard != "none" && guard != "lock")
        return r;
    if (const auto picture = picture_of_race(st.dir(), guard))
        r.picture = save_picture(*picture, s.pictures / ("race-" + guard + ".svg"));
    return r;
}

bool as_promised(const race_result& r)
{
    if (r.judged.guard == "none")
        return r.judged.anomalies > 0;
    const bool something_happened = r.judged.paid > 0 && r.judged.edits > 0;
    if (r.judged.guard == "version")
        return something_happened && broken(r, "lost_edit") == 0 && broken(r, "linear") == 0 &&
               broken(r, "answered_once") == 0;
    return something_happened && r.judged.anomalies == 0;
}

}  // namespace orderdesk
